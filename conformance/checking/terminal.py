"""A report as text: the verdict, the table, the diagnosis, then each failing output."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.arrays import OUTPUT_NAMES
from conformance.checking import grouping, levels
from conformance.checking.fresh import promise
from conformance.checking.report import Report
from conformance.checking.rule import Rule
from conformance.checking.state import soak
from conformance.harness.shield.protections import Protections
from conformance.printable import one_line, quoted
from conformance.quality.wording import lines
from conformance.report.wording import account, figure, plural
from conformance.verdict.record import (
    SEVERITY,
    CaseResult,
    OutputResult,
    Status,
)

_WIDE = 80
"""Columns below which the table leaves out where the largest errors are."""

SHOWN = 8
"""Failing cases that are listed; the rest is counted."""

_STYLE = {
    "A": "green",
    "B": "green",
    "C": "yellow",
    "F": "bold red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRow:
    """One output over all cases.

    Attributes:
        output: Its name.
        grade: Its worst grade, ``"F"`` if any is red; None where nothing ever came back to
            compare, whatever became of its cases.
        units: Its largest error in units; None where it is not finite or nothing was compared.
        counts: How many cases have each status; those that differ at an edge alone are not in it.
        at_edges: How many cases differ at an edge alone.
        worst: Id of the case with the largest error; empty where nothing was compared.
    """

    output: str
    grade: str | None
    units: float | None
    counts: Counter[Status]
    at_edges: int
    worst: str


def show(report: Report, console: Console, *, most: int | None = SHOWN) -> None:
    """Print a report.

    Args:
        report: What to print.
        console: Where to; it decides on width and colour.
        most: How many failing cases to list; None for all.
    """

    def say(line: Text) -> None:
        # The terminal wraps: a command that is copied must be one line.
        console.print(line, soft_wrap=True)

    say(Text(report.verdict, style="bold green" if report.conforms else "bold red"))
    for line in _remarks(report):
        say(line)
    console.print(_table(report, is_wide=console.width >= _WIDE))
    for convention in report.conventions:
        advice = f". Set: {convention.setting}" if convention.setting else ""
        say(Text(f"convention: {convention.sentence}{advice}", style="yellow"))
    for found in report.diagnosis:
        say(Text(f"diagnosis: {found.sentence}", style="bold"))
    for told in levels.lines(report.edges):
        say(Text(told, style="yellow"))
    for line in _failures(report, most):
        say(line)


def text(report: Report, width: int = 100) -> str:
    """A report as plain text."""
    stream = io.StringIO()
    show(report, Console(file=stream, width=width, no_color=True, highlight=False))
    return stream.getvalue()


def failure(case: CaseResult, rule: Rule) -> str:
    """What does not keep a rule on one case, as plain lines."""
    return "\n".join(line.plain for line in _failure(case, rule))


def rows(cases: Sequence[CaseResult]) -> list[OutputRow]:
    """One row for every output that is due somewhere."""
    found = []
    for name in OUTPUT_NAMES:
        results = [(c.case, c.outputs[name]) for c in cases if name in c.outputs]
        if results:
            found.append(_row(name, results))
    return found


def _row(name: str, results: list[tuple[str, OutputResult]]) -> OutputRow:
    ordinary = [(case, r) for case, r in results if not r.edges]
    compared = [(case, r) for case, r in ordinary if r.grade is not None]

    def size(item: tuple[str, OutputResult]) -> tuple[int, float]:
        result = item[1]
        return (
            -SEVERITY.index(result.status),
            float("inf") if result.units is None else result.units,
        )

    worst = max(compared, key=size, default=None)
    return OutputRow(
        output=name,
        # What never came back failed nowhere: its cases did.
        grade=levels.grade_of(result for _, result in results) if compared else None,
        units=None if worst is None else worst[1].units,
        counts=Counter(r.status for _, r in ordinary),
        at_edges=len(results) - len(ordinary),
        worst="" if worst is None else worst[0],
    )


def _remarks(report: Report) -> Iterator[Text]:
    version = next((f"{n} {v}" for n, v in report.versions.items()), "")
    seen = f"{report.about}; {version}, {report.device}; {report.seconds:.1f} s"
    yield Text(seen, style="dim")
    if report.conforms and report.fresh.compared:
        told = plural(report.fresh.compared, "fresh case")
        yield Text(f"{told} in the same scope, never seen before, are as right", style="dim")
    if not report.conforms and report.fresh.seed:
        yield Text(f"fresh cases: seed {report.fresh.seed}", style="dim")
    elif promised := promise(report.fresh):
        yield Text(f"fresh cases: {promised}", style="dim")
    for note in report.notes:
        yield Text(f"note: {note}", style="yellow")
    if soaked := soak.words(report.state.soak):
        yield Text(soaked, style="dim")
    for line in lines(report.quality) if report.quality else ():
        yield Text(f"quality: {line}", style="dim")
    warning = Protections(states=report.protections).warning
    if warning:
        yield Text(f"shield: {warning} (see docs/trust.md)", style="yellow")


def _table(report: Report, *, is_wide: bool) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("output", "grade"):
        table.add_column(heading, no_wrap=True)
    table.add_column("worst, units", justify="right", no_wrap=True)
    table.add_column("cases", overflow="fold")
    if is_wide:
        table.add_column("worst case", no_wrap=True, style="dim")
    for row in rows(report.asked):
        units = "" if row.grade is None else "∞" if row.units is None else figure(row.units)
        grade = row.grade or "-"
        table.add_row(
            row.output,
            Text(grade, style=_STYLE.get(grade, "dim")),
            units,
            levels.counted(row.counts, row.at_edges),
            *([row.worst] if is_wide else []),
        )
    return table


def _failures(report: Report, most: int | None) -> Iterator[Text]:
    rule = report.rule
    failing = [c for c in report.asked if any(levels.misses(rule, r) for r in c.outputs.values())]
    shown = failing
    if most is not None:
        found = grouping.findings(report.asked, report.calls, partial(levels.misses, rule))
        shown = list({f.example.case: f.example for f in found[:most]}.values())
        for finding in found[:most]:
            yield Text(f"{finding.sentence}; see {finding.example.case}", style="bold")
        if len(found) > most:
            yield Text(f"... and {len(found) - most} more kinds of failures")
    for case in sorted(shown, key=lambda c: grouping.telling(c, report.calls)):
        yield from _failure(case, rule)
    left = len(failing) - len(shown)
    if left:
        yield Text(f"... and {left} more failing cases: --verbose lists all, --format json too")
    for result in report.fresh.results[:most]:
        yield from _failure(result, rule, fresh=True)


def _failure(case: CaseResult, rule: Rule, *, fresh: bool = False) -> Iterator[Text]:
    name = f"{case.case} (fresh)" if fresh else case.case
    yield Text(f"{name}  {case.mode}, {case.layout}, {case.dtype}", style="bold")
    red = {name: r for name, r in case.outputs.items() if levels.misses(rule, r)}
    reasons = {(r.status, r.reason) for r in red.values()}
    if len(reasons) == 1 and all(r.worst is None for r in red.values()):
        (status, reason), *_ = reasons
        yield Text(f"  {', '.join(red)}: {status}: {one_line(reason or '')}")
    else:
        for output, result in red.items():
            yield Text(f"  {output}: {result.status}: {account(output, result)}")
    if case.stderr:
        yield Text("\n".join(quoted(case.stderr)), style="dim")
    if case.repro:
        yield Text(f"  {case.repro}", style="cyan")
