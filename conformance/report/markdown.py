"""The matrix as Markdown, short enough for a README or the summary of a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from conformance.printable import one_line
from conformance.report.join import dtype_order, pooled
from conformance.report.legend import GRADES, SIGNS
from conformance.report.matrix import Matrix, MatrixCell, MatrixColumn, MatrixRow, Noteworthy
from conformance.report.wording import (
    account,
    causes,
    diagnoses,
    edges,
    plural,
    units,
    values,
    verdict,
)
from conformance.verdict.record import COUNTED_APART, RED, SEVERITY, Status

LINES = 100
"""How long the whole is at most, as long as the paths alone do not need more."""

_REASON = 240  # characters of a reason; the page has all of it
_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_[]|~"})


def as_markdown(matrix: Matrix) -> str:
    """`matrix` as Markdown: verdict, one row per path, what fails and why, legend."""
    head = [
        f"{'✅' if matrix.as_expected else '❌'} **{text(verdict(matrix))}**",
        "",
        *(line for note in matrix.notes for line in (f"> {text(note)}", "")),
        *(line for d in diagnoses(matrix) for line in (f"> diagnosis: {text(d)}", "")),
        *_standings(matrix),
        "",
        *_paths(matrix),
        "",
    ]
    foot = ["", *_legend(matrix)]
    room = max(LINES - len(head) - len(foot) - 6, 10)  # 6: heading, and what was left out
    return "\n".join([*head, *_findings(matrix, room), *foot]) + "\n"


def parts(matrix: Matrix) -> Iterator[str]:
    """The same for those that write other formats piece by piece."""
    yield as_markdown(matrix)


def text(words: str) -> str:
    """`words` as Markdown that shows them as they are, in one line."""
    return escape(one_line(words), quote=False).translate(_SPECIAL)


def code(words: str) -> str:
    """`words` as a code span that is safe in a table."""
    words = one_line(words).replace("|", "\\|")
    longest = max((len(list(run)) for tick, run in groupby(words) if tick == "`"), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{words}{space}{fence}"


def _standings(matrix: Matrix) -> Iterator[str]:
    yield _line(["path", "values", "edges kept", "compared", "known failures, by cause"])
    yield _line(["---"] * 5)
    for column, each in zip(matrix.columns, matrix.standings, strict=True):
        compared = f"{each.compared:,} of {each.due:,}" if each.due else column.short_why
        told = (column.name, values(each), edges(each), compared, causes(each))
        yield _line(text(words) for words in told)


def _paths(matrix: Matrix) -> Iterator[str]:
    kinds: dict[str, list[MatrixRow]] = {}
    for row in sorted(matrix.kinds, key=lambda r: (r.mode != "train", dtype_order(r.dtype or ""))):
        kinds.setdefault(text(f"{row.mode} {row.dtype}"), []).append(row)
    names = list(kinds)
    yield _line(["path", "version", "device", *names])
    yield _line(["---"] * 3 + [":-:"] * len(names))
    for index, column in enumerate(matrix.columns):
        cells = [_shown(column, pooled(matrix, index, rows)) for rows in kinds.values()]
        where = [text(column.version) or "did not report", text(column.device) or "–"]  # noqa: RUF001 - a dash
        yield _line([text(column.name), *where, *cells])


def _shown(column: MatrixColumn, cell: MatrixCell) -> str:
    symbol = SIGNS[cell.status].symbol
    if not cell.compared and not cell.red:
        left_out = column.record is not None and not cell.due
        return f"{symbol} {'not in record' if left_out else cell.status.value}"
    parts = [symbol, cell.grade or "", units(cell)]
    counts = [f"{cell.counts[s]}\u00a0{s.value}" for s in SEVERITY if cell.counts.get(s)]
    shown = " ".join(filter(None, parts))
    if cell.red:
        shown = f"**{shown}**"
    return f"{shown}<br><sub>{', '.join(counts)}</sub>"


def _findings(matrix: Matrix, room: int) -> Iterator[str]:
    heaps = sorted(_heaps(matrix.findings), key=lambda heap: _rank(heap[0]))
    missing = [
        _line([f"{SIGNS[Status.NOT_RUN].symbol} missing", text(name), "–", "–", why, "–"])  # noqa: RUF001 - dashes
        for names, why in (
            (matrix.missing, "was required and did not report"),
            (matrix.silent, "was expected and compared nothing"),
            (matrix.partial, "PARTIAL: its run was stopped"),
        )
        for name in names
    ]
    if not heaps and not missing:
        return
    yield "### What fails and why"
    yield ""
    yield _line(["status", "path", "outputs", "worst case", "why", "repeat it with"])
    yield _line(["---"] * 6)
    yield from missing
    shown = heaps[: max(room - len(missing), 1)]
    for heap in shown:
        yield _heap_line(matrix, heap)
    if len(heaps) > len(shown):
        left = sum(len(heap) for heap in heaps[len(shown) :])
        yield ""
        yield f"and {plural(left, 'more output')}: see index.html"


def _heaps(findings: Iterable[Noteworthy]) -> list[list[Noteworthy]]:
    # One line for what probably has one cause: same path, status, group, kind of answer.
    heaps: dict[tuple[object, ...], list[Noteworthy]] = {}
    for f in findings:
        reason = f.result.reason if f.result.status in COUNTED_APART else f.group
        heaps.setdefault((f.column, f.result.status, reason), []).append(f)
    return list(heaps.values())


def _rank(finding: Noteworthy) -> tuple[bool, int]:
    status = finding.result.status
    return (status not in RED, SEVERITY.index(status))


def _heap_line(matrix: Matrix, heap: list[Noteworthy]) -> str:
    worst = max(heap, key=_size)
    status = worst.result.status
    cases = len({f.case for f in heap})
    outputs = ", ".join(dict.fromkeys(f.output for f in heap))
    many = f" ({plural(len(heap), 'output')} of {plural(cases, 'case')})" if len(heap) > 1 else ""
    why = account(worst.output, worst.result)
    why = why if len(why) <= _REASON else why[: _REASON - 1] + "…"
    named = f"{SIGNS[status].symbol} {status.value}"
    return _line(
        [
            f"**{named}**" if status in RED else named,
            text(matrix.columns[worst.column].name),
            text(outputs + many),
            text(worst.case),
            text(why),
            code(worst.repro),
        ]
    )


def _size(finding: Noteworthy) -> float:
    return float("inf") if finding.result.units is None else finding.result.units


def _legend(matrix: Matrix) -> Iterator[str]:
    there = {s for cell in matrix.totals() for s in (*cell.counts, cell.status)}
    signs = " ".join(
        f"{SIGNS[s].symbol} **{s.value}**: {text(SIGNS[s].meaning)}" for s in SEVERITY if s in there
    )
    grades = "; ".join(f"**{grade}** {text(meaning)}" for grade, meaning in GRADES.items())
    yield "<details><summary>What the signs mean</summary>"
    yield ""
    yield signs
    yield ""
    yield (
        f"Grades: {grades}. A cell shows its first status, worst grade, largest error in error "
        "units (∞: a NaN, an infinity or a wrong shape), and how many outputs have each status."
    )
    yield ""
    yield "</details>"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
