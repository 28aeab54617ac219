"""The matrix in a terminal: one row per path, then what is red."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.report.join import pooled
from conformance.report.legend import SIGNS
from conformance.report.matrix import Matrix, MatrixCell, Noteworthy
from conformance.report.wording import account, diagnoses, incidents, plural, units, verdict
from conformance.verdict.record import RED, SEVERITY

LIMIT = 12
"""How many cases are listed; the rest is in the other formats."""


def show(matrix: Matrix, console: Console, *, more: str) -> None:
    """Print `matrix`.

    Args:
        matrix: What to print.
        console: Where to; it decides on width and colour.
        more: Where a reader finds what is left out here, such as ``"see out/index.html"``.
    """
    color = "bold green" if matrix.conforms else "bold red"
    console.print(_hanging(Text(verdict(matrix), style=color), console))
    for note in matrix.notes:
        console.print(_hanging(Text(f"note: {note}", style="yellow"), console))
    for found in diagnoses(matrix):
        console.print(_hanging(Text(f"diagnosis: {found}", style="bold"), console))
    console.print(_table(matrix))
    for part in _listed(matrix, more):
        console.print(part)


def _hanging(text: Text, console: Console) -> Text:
    """`text` with all of its lines but the first indented: no name in it begins one of ours."""
    first, *rest = text.wrap(console, max(console.width - 2, 20))
    return Text("\n").join([first, *(Text("  ").append_text(line) for line in rest)])


def _table(matrix: Matrix) -> Table:
    modes = sorted({row.mode for row in matrix.kinds if row.mode}, reverse=True)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("path", ratio=5, overflow="fold")
    for mode in modes:
        table.add_column(f"{mode}: worst, grade; outputs", ratio=6, overflow="fold")
    table.expand = True
    for index, column in enumerate(matrix.columns):
        where = f"{column.version} {column.device}".strip() or "did not report"
        name = Text.assemble((column.name, "bold"), "\n", (where, "dim"))
        kinds = ([row for row in matrix.kinds if row.mode == mode] for mode in modes)
        table.add_row(name, *(_shown(pooled(matrix, index, rows)) for rows in kinds))
    return table


def _shown(cell: MatrixCell) -> Text:
    head = [cell.status.value]
    if cell.grade:
        head += [cell.grade, f"{units(cell)} units" if units(cell) else ""]
    shown = Text(", ".join(filter(None, head)), style=SIGNS[cell.status].style)
    if not cell.compared:
        return shown.append(f"\n{cell.why}", style="not bold")
    counts = [(s, cell.counts[s]) for s in SEVERITY if cell.counts.get(s)]
    shown.append("\n")
    for number, (status, count) in enumerate(counts):
        words = f"{', ' if number else ''}{count} {status.value}"
        shown.append(words, style="default not bold" if status not in RED else "default bold")
    return shown


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
