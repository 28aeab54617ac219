"""The measured conventions of every path, framework by framework: the rows of one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.nights.history.entry import ColumnRun
from conformance.nights.site.archive import Shown
from conformance.verdict.conventions import NOT_MEASURED, TITLES, Convention, differences

_NONE = Convention(found=None, seen=NOT_MEASURED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One path.

    Attributes:
        column: Its name through all versions.
        shown: Its newest results.
        cells: Its conventions, in the order of `conformance.verdict.conventions.TITLES`.
        differences: What it declares of itself and does otherwise, in sentences.
    """

    column: str
    shown: Shown
    cells: tuple[Convention, ...]
    differences: tuple[str, ...]


def rows(shown: Mapping[str, Shown]) -> Iterator[Row]:
    """A row for every path that is shown; a record that tells of none was not measured."""
    for column, each in shown.items():
        entry = each.entry
        cells = tuple(convention for _, convention in told(entry))
        differ = tuple(differences(entry.dialect, entry.conventions))
        yield Row(column=column, shown=each, cells=cells, differences=differ)


def told(entry: ColumnRun) -> Iterator[tuple[str, Convention]]:
    """Every convention by its title, whether or not it was measured."""
    for name, title in TITLES.items():
        yield title, _worded(name, entry.conventions.get(name, _NONE), entry.dialect)


def _worded(name: str, each: Convention, dialect: Mapping[str, str]) -> Convention:
    """A convention as a table has it, where its own word would say too little."""
    if name in ("momentum", "running_var") and each.found == "none":
        return replace(each, found="keeps none")
    if name == "saved" and each.found is not None and "saves" in dialect:
        # What a framework keeps for its backward pass and does not return can only be declared.
        return replace(each, found=f"{each.found}; declares {dialect['saves']}")
    return each
