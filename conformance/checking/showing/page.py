"""Cases as one HTML page that needs nothing from outside: ``conformance show CASE --html FILE``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from conformance.arrays import LIKE_X
from conformance.checking import pictures
from conformance.checking.showing import drawing, figures
from conformance.checking.showing.drawing import Line
from conformance.checking.showing.look import Due, Look, Tried
from conformance.oracle.channels import by_channel
from conformance.printable import cut

CHANNELS = 24
"""Channels of a case that are drawn."""

_LONGEST = 2000
"""Characters of a text of a golden file."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing is run, whatever a golden file says."""

# Lines that coincide are seen: those that are drawn first are the widest.
_STYLE = """\
:root{color-scheme:light dark;--page:#fff;--text:#1f2328;--soft:#59636e;--line:#d0d7de;
--s0:#0969da;--s1:#1a7f37;--s2:#0e7490;--s3:#bc4c00;--s4:#8250df;--bad:#cf222e}
@media (prefers-color-scheme:dark){:root{--page:#14181d;--text:#e4e8ec;--soft:#9aa5b1;
--line:#343c45;--s0:#58a6ff;--s1:#56d364;--s2:#39c5cf;--s3:#ffa657;--s4:#d2a8ff;--bad:#ff7b72}}
body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;
background:var(--page);color:var(--text)}
table{border-collapse:collapse;margin:1em 0}.scroll{overflow-x:auto}
th,td{border:1px solid var(--line);padding:.2em .6em;text-align:right;vertical-align:middle}
th:first-child,.words td{text-align:left;overflow-wrap:anywhere}
figure{margin:1em 0}svg{max-width:100%;vertical-align:middle}figcaption,.soft{color:var(--soft)}
.bars{fill:var(--s0)}.line{fill:none;stroke:currentColor;stroke-width:1.5}
.grid{stroke:var(--line)}.limit{stroke:var(--text);stroke-dasharray:4 3}
svg text{fill:var(--soft);font-size:11px;text-anchor:end}
.s0{color:var(--s0)}.s1{color:var(--s1)}.s2{color:var(--s2)}.s3{color:var(--s3)}
.s4{color:var(--s4)}.key{margin-right:1em}.F{color:var(--bad);font-weight:600}
.line.s1{stroke-width:6}.line.s2{stroke-width:4}.line.s3{stroke-width:2.5}
"""


def page(looks: Sequence[Look], source: str) -> str:
    """The page of some cases.

    Args:
        looks: The cases.
        source: Which golden files they are of, in a sentence.
    """
    title = escape(looks[0].case.id if len(looks) == 1 else f"{len(looks)} cases")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: batch normalization conformance</title>"
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f'<p class="soft">{escape(source)}</p>{"".join(map(_case, looks))}</body></html>\n'
    )


def _case(look: Look) -> str:
    shown = "".join(_drawn(due, look) for due in look.due if due.field in LIKE_X)
    facts = [(name, cut(text, _LONGEST)) for name, text in figures.facts(look)]
    return (
        f"<section><h2>{escape(look.case.id)}</h2>{_table((), facts, words=True)}"
        f"<h3>x, channel by channel</h3>{_channels(look)}"
        f"<h3>What is due</h3>{_due(look)}"
        f"<h3>How far off usual ways are</h3>{_ways(look)}"
        + (f"<h3>Where</h3>{shown}" if shown else "")
        + "</section>"
    )


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]], *, words: bool = False) -> str:
    """A table of texts; the first of each row is its heading."""
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in headings)
    return _framed(heads, ([escape(cell) for cell in row] for row in rows), words=words)


def _framed(heads: str, rows: Iterable[Sequence[str]], *, words: bool = False) -> str:
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    kind = ' class="words"' if words else ""
    head = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    return f'<div class="scroll"><table{kind}>{head}<tbody>{body}</tbody></table></div>'


def _channels(look: Look) -> str:
    said = f'<p class="soft">{escape(figures.of_channels(look, CHANNELS))}</p>'
    if not look.case.inputs.count:
        return said
    inputs, found = look.case.inputs, look.channels
    values, rows = by_channel(inputs.x, inputs), []
    for number in found.hardest(CHANNELS):
        name = figures.channel(inputs, number)
        bars = drawing.histogram(values[number], f"distribution of x in channel {name}")
        told = (found.least, found.most, found.mean, found.variance)
        hard = figures.NONE if found.condition is None else figures.value(found.condition[number])
        least, most, mean, variance = (figures.value(float(each[number])) for each in told)
        rows.append([name, least, bars, most, mean, variance, hard])
    headings = ("channel", "min", "distribution", "max", "mean", "variance", "condition")
    return _framed("".join(f'<th scope="col">{h}</th>' for h in headings), rows) + said


def _due(look: Look) -> str:
    return _table(
        ("output", "shape", "exact values", "one unit"),
        (
            (
                due.field,
                figures.shape(due.expected.shape),
                figures.extent(due.expected),
                figures.extent(due.unit),
            )
            for due in look.due
        ),
    )


def _ways(look: Look) -> str:
    headings = ("off by, units", *(tried.way.title for tried in look.tried))
    rows = (
        [escape(due.field), *(_cell(figures.error(tried, due)) for tried in look.tried)]
        for due in look.due
    )
    told = _table((), figures.reads(look), words=True)
    return _framed("".join(f'<th scope="col">{escape(h)}</th>' for h in headings), rows) + told


def _cell(error: str) -> str:
    return f'<span class="F">{error}</span>' if error.endswith("F") else error


def _drawn(due: Due, look: Look) -> str:
    """The units of one output and the errors of the ways, element by element; empty for none."""
    if not due.expected.size:
        return ""
    inputs = look.case.inputs
    unit = Line(name="one unit", color=0, values=by_channel(due.unit, inputs))
    parts = [
        drawing.plot([unit], f"One error unit of every element of {due.field}, channel by channel")
    ]
    ran = [tried for tried in look.tried if due.field in tried.errors]
    lines = [
        Line(
            name=tried.way.title,
            color=color,
            values=np.maximum(by_channel(tried.errors[due.field], inputs), drawing.FLOOR),
        )
        for color, tried in enumerate(ran, start=1)
    ]
    if lines:
        said = f"Errors of {due.field} in units, the same elements; dashed: the limit of grade A"
        parts.append(drawing.plot(lines, said, limit=look.case.problem.limit))
        parts.append(_map(due, look, max(ran, key=lambda tried: _worst(tried, due))))
    return f"<h4>{escape(due.field)}</h4>" + "".join(parts)


def _worst(tried: Tried, due: Due) -> float:
    return float(tried.errors[due.field].max())


def _map(due: Due, look: Look, tried: Tried) -> str:
    """Where the way that is furthest off is wrong; empty where none is."""
    errors = by_channel(tried.errors[due.field], look.case.inputs)
    if tried.results[due.field].grade in ("A", "B"):
        return ""
    name = f"{due.field} by {tried.way.title}"
    picture = pictures.Picture(look.case.id, name, errors)
    return f"<p>{pictures.legend()}</p>{pictures.svg(picture)}"
