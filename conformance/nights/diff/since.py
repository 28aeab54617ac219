"""The last result of a column that gave none in the earlier run of a difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb

from conformance.nights.diff.sides import Side, insert
from conformance.nights.history.entry import ColumnRun
from conformance.nights.history.store import History

_AT_A_TIME = 30
"""How many runs are read at once on the way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """An earlier run made whole.

    Attributes:
        side: The run, with the last results of columns that gave none in it.
        runs: These columns, each with the run that its results are of.
    """

    side: Side
    runs: Mapping[str, str]


def fill(
    database: duckdb.DuckDBPyConnection, table: str, old: Side, new: Side, history: History
) -> Since:
    """Give the earlier run the last results of columns that are back in the later one.

    A night without results hides whatever went wrong meanwhile, so it is not what a column is held
    against.  Records that are in no history have nothing before them.

    Args:
        database: Where the results of the earlier run are.
        table: The table that holds them.
        old: The earlier run.
        new: The later run.
        history: Where the runs before the earlier one are looked for.

    Raises:
        HistoryError: a file of results is missing or damaged.
    """
    back = {name for name, entry in new.entries.items() if not entry.missing}
    wanted = {name for name in back if not _gave(old.entries.get(name))}
    found = _last(history, old.name, wanted)
    if not found:
        return Since(side=old, runs={})
    entries = [entry for entry, _ in found.values()]
    database.execute(f"DELETE FROM {table} WHERE name IN (SELECT unnest(?))", [sorted(found)])  # noqa: S608 - ours
    insert(database, table, entries, history)
    filled = {**old.entries, **{name: entry for name, (entry, _) in found.items()}}
    return Since(
        side=replace(old, entries=filled), runs={name: run for name, (_, run) in found.items()}
    )


def _gave(entry: ColumnRun | None) -> bool:
    """Whether a column gave a result in a run."""
    return entry is not None and not entry.missing and entry.compared > 0


def _last(history: History, before: str, wanted: set[str]) -> dict[str, tuple[ColumnRun, str]]:
    """The last result of each column before a run, with the run that it is of."""
    found: dict[str, tuple[ColumnRun, str]] = {}
    names = history.names()
    place = names.index(before) if before in names else 0
    while place > 0 and wanted - found.keys():
        start = max(place - _AT_A_TIME, 0)
        runs = history.intact(names[start:place])
        for run in sorted(runs, reverse=True):
            for entry in runs[run]:
                if entry.column in wanted and _gave(entry):
                    found.setdefault(entry.column, (entry, run))
        place = start
    return found
