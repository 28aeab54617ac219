"""Cases as text: one line for each of a folder, or all there is to see of one."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.checking.showing import figures
from conformance.checking.showing.look import Look
from conformance.checking.showing.row import Row
from conformance.printable import cut, one_line

SHOWN = 6
"""Channels that are shown; the rest is counted."""

_LONGEST = 2000
"""Characters of a text of a golden file; those of the catalogue have a tenth."""

_PADDED = (26, 5, 7, 7)
"""Columns of a list, which longer words push on: at 80 there is room for what is caught."""

_STYLE = {"A": "green", "B": "green", "C": "yellow", "F": "bold red"}


def listed(rows: Iterable[Row], console: Console) -> None:
    """Print a line for each case: id, mode, types, shape of x, and what it catches.

    Args:
        rows: The cases.
        console: Where to; a line is cut at its width.
    """
    for row in rows:
        words = (row.id, row.mode, row.types, figures.shape(row.shape))
        cells = zip(map(one_line, words), _PADDED, strict=True)
        told = "  ".join(word.ljust(width) for word, width in cells)
        line = Text(f"{told}  {one_line(row.catches)}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line, soft_wrap=True)


def show(look: Look, console: Console) -> None:
    """Print all there is to see of a case.

    Args:
        look: The case.
        console: Where to; it decides on width and colour.
    """
    console.print(Text(look.case.id, style="bold"))
    console.print(_facts(figures.facts(look)))
    console.print()
    if look.case.inputs.count:
        console.print(_channels(look))
    console.print(Text(figures.of_channels(look, SHOWN), style="dim"))
    for part in (_due(look), _ways(look)):
        console.print()
        console.print(part)
    console.print(_facts(figures.reads(look)))


def _facts(told: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, text in told:
        table.add_row(f"  {name}", Text(cut(text, _LONGEST)))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(headings[0], overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", overflow="fold")
    return table


def _channels(look: Look) -> Table:
    inputs, found = look.case.inputs, look.channels
    table = _table("channel", "mean", "variance", "min", "max", "condition")
    arrays = (found.mean, found.variance, found.least, found.most)
    for number in found.hardest(SHOWN):
        hard = figures.NONE if found.condition is None else figures.value(found.condition[number])
        told = [figures.value(float(array[number])) for array in arrays]
        table.add_row(figures.channel(inputs, number), *told, hard)
    return table


def _due(look: Look) -> Table:
    table = _table("output", "shape", "exact values", "one unit")
    for due in look.due:
        sizes = figures.shape(due.expected.shape)
        table.add_row(due.field, sizes, figures.extent(due.expected), figures.extent(due.unit))
    return table


def _ways(look: Look) -> Table:
    table = _table("off by, units", *(tried.way.title for tried in look.tried))
    for due in look.due:
        cells = [figures.error(tried, due) for tried in look.tried]
        table.add_row(due.field, *(Text(c, style=_STYLE.get(c[-1], "dim")) for c in cells))
    return table
