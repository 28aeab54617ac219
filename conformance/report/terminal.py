"""The matrix in a terminal: one row per path, then what is red."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain, groupby, zip_longest

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from conformance.report import standing
from conformance.report.legend import SIGNS
from conformance.report.matrix import Matrix, Noteworthy
from conformance.report.wording import (
    account,
    causes,
    counted,
    diagnoses,
    edges,
    incidents,
    plural,
    values,
    verdict,
)
from conformance.verdict.record import RED, SEVERITY, Status

LIMIT = 12
"""How many cases are listed; the rest is in the other formats."""


def show(matrix: Matrix, console: Console, *, more: str) -> None:
    """Print `matrix`.

    Args:
        matrix: What to print.
        console: Where to; it decides on width and colour.
        more: Where a reader finds what is left out here, such as ``"see out/index.html"``.
    """
    color = "bold green" if matrix.as_expected else "bold red"
    console.print(_hanging(Text(verdict(matrix), style=color), console))
    for note in matrix.notes:
        console.print(_hanging(Text(f"note: {note}", style="yellow"), console))
    for found in diagnoses(matrix):
        console.print(_hanging(Text(f"diagnosis: {found}", style="bold"), console))
    for line in (*_table(matrix), *_below(matrix, console)):
        console.print(line, soft_wrap=True)
    for part in _listed(matrix, more):
        console.print(part)


def _hanging(text: Text, console: Console) -> Text:
    """`text` with all of its lines but the first indented: no name in it begins one of ours."""
    first, *rest = text.wrap(console, max(console.width - 2, 20))
    return Text("\n").join([first, *(Text("  ").append_text(line) for line in rest)])


def _table(matrix: Matrix) -> Iterator[Text]:
    """One line for every path, below a line for what it runs on; no name is broken."""
    columns = list(zip(matrix.columns, matrix.standings, strict=True))
    wide = max((len(column.name) for column in matrix.columns), default=0)
    yield Text(f"  {'path':<{wide}}  {'values':<18}  edges   compared", style="bold")
    runs = groupby(columns, key=lambda pair: (pair[0].adapter, pair[0].version, pair[0].device))
    for (adapter, version, device), paths in runs:
        if version:
            yield Text(f"{adapter} {version} {device}", style="dim")
        for column, each in paths:
            compared = f"{each.compared:,} of {each.due:,}" if each.due else column.short_why
            line = Text(f"  {column.name:<{wide}}  ")
            line.append(f"{values(each):<18}", style=_STYLES[each.values])
            yield line.append(f"  {edges(each):<6}  {compared}")


_STYLES = {
    standing.CONFORMS: "green",
    standing.DEGRADED: "yellow",
    standing.KNOWN: "yellow",
    standing.FAILS: "bold red",
    standing.NOTHING: "bold red",
}


def _below(matrix: Matrix, console: Console) -> Iterator[Text]:
    """How many outputs have each status, and what is known to fail on each path."""
    counts: Counter[Status] = Counter()
    for cell in matrix.totals():
        counts.update(cell.counts)
    yield _hanging(Text(f"outputs: {counted(counts)}"), console)
    told = [(c, s) for c, s in zip(matrix.columns, matrix.standings, strict=True) if s.causes]
    if told:
        yield Text("known failures, by cause:", style="bold")
    for column, each in told:
        yield _hanging(Text(f"  {column.name}: {causes(each)}"), console)


def _listed(matrix: Matrix, more: str) -> Iterator[RenderableType]:
    red = list(incidents(f for f in matrix.findings if f.result.status in RED))
    if not red:
        return
    yield Text(f"\nred in {plural(len(red), 'case')}:", style="bold red")
    for incident in _taking_turns(red)[:LIMIT]:
        yield _incident(matrix, incident)
    if len(red) > LIMIT:
        yield Text(f"and {len(red) - LIMIT:,} more: {more}", style="bold")


def _taking_turns(red: list[list[Noteworthy]]) -> list[list[Noteworthy]]:
    # One path that fails everywhere must not hide the others: first one case of each.
    by_column: dict[int, list[list[Noteworthy]]] = {}
    for incident in red:
        by_column.setdefault(incident[0].column, []).append(incident)
    turns = zip_longest(*by_column.values())
    return [incident for incident in chain.from_iterable(turns) if incident is not None]


def _incident(matrix: Matrix, findings: list[Noteworthy]) -> RenderableType:
    head = findings[0]
    worst = min(findings, key=_gravity)
    status = worst.result.status
    outputs = ", ".join(f.output for f in findings)
    path = matrix.columns[head.column]
    title = Text.assemble(
        (f"{SIGNS[status].symbol} {status.value}", SIGNS[status].style),
        f"  {path.name}  {head.case}  {outputs}",
    )
    detail = Group(Text(account(worst.output, worst.result)), Text(head.repro, style="dim"))
    return Group(title, Padding(detail, (0, 0, 0, 4)))


def _gravity(finding: Noteworthy) -> tuple[int, float]:
    size = finding.result.units
    return (SEVERITY.index(finding.result.status), -size if size is not None else float("-inf"))
