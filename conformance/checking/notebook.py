"""A report as HTML for a notebook: the verdict, a table, and a plot of error units per case."""

from __future__ import annotations

import io
from html import escape
from itertools import pairwise
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.case import LIMIT
from conformance.checking import levels
from conformance.checking.report import Report
from conformance.checking.rule import Rule
from conformance.checking.terminal import OutputRow, rows
from conformance.report.wording import account, figure
from conformance.verdict.record import CaseResult

_SHOWN = 8
_NAMES = 50
"""How many names of groups fit below the plot."""

_LEAST = 1e-3
"""Error units below which a point is drawn at the edge: a logarithm has no zero."""


def html(report: Report) -> str:
    """A report as an HTML fragment that needs nothing from outside.

    The plot needs the extra ``notebook`` (matplotlib); without it a line says so.
    """
    color = "#1a7f37" if report.conforms else "#cf222e"
    parts = [
        f'<p style="color:{color}"><b>{escape(report.verdict)}</b></p>',
        f"<p>{escape(report.about)}, {escape(report.device)}</p>",
        *(f"<p>note: {escape(note)}</p>" for note in report.notes),
        _table(rows(report.asked)),
        *(
            f"<p>convention: {escape(c.sentence)} {escape(c.setting or '')}</p>"
            for c in report.conventions
        ),
        *(f"<p>diagnosis: {escape(found.sentence)}</p>" for found in report.diagnosis),
        _failures(report),
        _plot(report),
    ]
    return f"<div>{''.join(parts)}</div>"


def _table(found: list[OutputRow]) -> str:
    heads = "".join(
        f'<th scope="col">{h}</th>'
        for h in ("output", "grade", "worst, units", "cases", "worst case")
    )
    body = "".join(
        f'<tr><th scope="row">{escape(row.output)}</th><td>{row.grade or "-"}</td>'
        f"<td>{_units(row)}</td><td>{escape(levels.counted(row.counts, row.at_edges))}</td>"
        f"<td>{escape(row.worst)}</td></tr>"
        for row in found
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _units(row: OutputRow) -> str:
    if row.grade is None:
        return ""
    return "∞" if row.units is None else figure(row.units)


def _failures(report: Report) -> str:
    edges = "".join(f"<p>{escape(line)}</p>" for line in levels.lines(report.edges))
    rule = report.rule
    failing = [c for c in report.asked if any(levels.misses(rule, r) for r in c.outputs.values())]
    items = "".join(_failure(case, rule) for case in failing[:_SHOWN])
    left = len(failing) - _SHOWN
    more = f"<p>and {left} more failing cases</p>" if left > 0 else ""
    return edges + (f"<ul>{items}</ul>" if items else "") + more


def _failure(case: CaseResult, rule: Rule) -> str:
    said = "; ".join(
        f"{name}: {result.status}: {account(name, result)}"
        for name, result in case.outputs.items()
        if levels.misses(rule, result)
    )
    return f"<li><code>{escape(case.repro)}</code><br>{escape(said)}</li>"


def _plot(report: Report) -> str:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra, for notebooks alone
    except ImportError:
        return "<p>(a plot of the error units needs matplotlib: pip install matplotlib)</p>"
    image = Figure(figsize=(9.0, 3.2), layout="constrained")
    axes = image.subplots()
    for name in OUTPUT_NAMES:
        points = _points(report, name)
        if points:
            axes.plot(*zip(*points, strict=True), ".", markersize=4, label=name)
    axes.axhline(LIMIT, color="gray", linewidth=1)
    axes.annotate("grade A", (0, LIMIT), xytext=(2, 3), textcoords="offset points", color="gray")
    axes.set_yscale("log")
    axes.set_ylabel("error, units")
    _name_groups(axes, report)
    if axes.has_data():
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small", frameon=False)
    stream = io.StringIO()
    image.savefig(stream, format="svg", metadata={"Date": None})
    drawing = stream.getvalue()
    label = "Error units of every output, case by case; the line is the end of grade A."
    return f'<figure role="img" aria-label="{label}">{drawing[drawing.index("<svg") :]}</figure>'


def _points(report: Report, output: str) -> list[tuple[int, float]]:
    """Number of the case and error in units, of every case where both exist."""
    found = []
    for number, case in enumerate(report.cases):
        result = case.outputs.get(output)
        if result is not None and result.units is not None:
            found.append((number, max(result.units, _LEAST)))
    return found


def _name_groups(axes: Any, report: Report) -> None:
    """A tick where each group of cases begins, with its name where there is room for it."""
    groups = [case.group for case in report.cases]
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(groups), start=1) if a != b)]
    ends = [*starts[1:], len(groups)]
    room = len(groups) / _NAMES
    names = [groups[i] if end - i >= room else "" for i, end in zip(starts, ends, strict=True)]
    axes.set_xticks(starts, names, rotation=60, ha="right", fontsize="x-small")
