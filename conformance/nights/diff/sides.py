"""The two sides of a difference: a run of a history, or run records as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from conformance.nights.history.entry import ColumnRun, absent, column_name, of_record
from conformance.nights.history.gathering import unused
from conformance.nights.history.store import History
from conformance.report.collect import Gathered, collect
from conformance.verdict.record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two runs; its results are the table of the same name in the database.

    Attributes:
        name: Name of the run, or where its records lie.
        entries: Its columns, by name.
    """

    name: str
    entries: Mapping[str, ColumnRun]


def load(database: duckdb.DuckDBPyConnection, table: str, word: str, history: History) -> Side:
    """Put the results of one side into `table` of the database.

    Args:
        database: Where the table is made.
        table: Its name.
        word: A folder or file of run records, or a run of the history, as `History.resolve`
            takes it.
        history: Where runs are looked for.

    Raises:
        HistoryError: there is no such run, or a file of it is missing or damaged.
        RecordError: no run record can be used.
    """
    if Path(word).exists():
        return of_records(
            database, table, word, collect([Path(word)], whole=True, column=column_name)
        )
    name = history.resolve(word)
    entries = history.entries(name)
    reported = [entry for entry in entries if not entry.missing]
    database.execute(f"CREATE TABLE {table} ({_COLUMNS})")
    insert(database, table, reported, history)
    return Side(name=name, entries={entry.column: entry for entry in entries})


def insert(
    database: duckdb.DuckDBPyConnection, table: str, reported: Sequence[ColumnRun], history: History
) -> None:
    """Put the results of some columns, each of whatever run, into `table` of the database.

    Raises:
        HistoryError: a file of results is missing or damaged.
    """
    files = {entry.results: str(history.results_file(entry)) for entry in reported}
    if reported:
        database.execute("CREATE OR REPLACE TEMP TABLE held (name TEXT, body TEXT, file TEXT)")
        database.executemany(
            "INSERT INTO held VALUES (?, ?, ?)",
            [(e.column, e.body, files[e.results]) for e in reported],
        )
        database.execute(
            f"INSERT INTO {table} SELECT h.name, r.* EXCLUDE (body, filename) "  # noqa: S608 - ours
            "FROM read_parquet(?, filename = true) r "
            "JOIN held h ON h.body = r.body AND h.file = r.filename",
            [sorted(set(files.values()))],
        )


def of_records(
    database: duckdb.DuckDBPyConnection, table: str, name: str, gathered: Gathered
) -> Side:
    """Put records that are in no history into `table` of the database.

    Where all are of one channel it is no part of their names, so that a folder of the newest
    versions, or of one older release of each framework, can be held against one of the pinned.
    What cannot be used did not report.
    """
    from conformance.nights.history.tables import results_table  # noqa: PLC0415 - a history needs none

    database.execute(f"CREATE TABLE {table} ({_COLUMNS})")
    entries: dict[str, ColumnRun] = {}
    for record in _named(gathered.records):
        entry = of_record(record)
        entries[entry.column] = entry
        _, rows = results_table(record, exact=True)
        database.register("rows", rows)
        database.execute(
            f"INSERT INTO {table} SELECT ?, * EXCLUDE (body) FROM rows",  # noqa: S608 - ours
            [entry.column],
        )
        database.unregister("rows")
    gone = unused(gathered.aside, entries)
    entries |= {column: absent(column, why) for column, why in gone.items()}
    return Side(name=name, entries=entries)


def _named(records: Sequence[RunRecord]) -> Sequence[RunRecord]:
    """Records without their channel, where all have the same and none is taken for another then."""
    bare = [_without_channel(record) for record in records]
    alike = len({record.environment.get("channel") for record in records}) == 1
    return bare if alike and len({*map(column_name, bare)}) == len(bare) else records


def _without_channel(record: RunRecord) -> RunRecord:
    known = {name: value for name, value in record.environment.items() if name != "channel"}
    return replace(record, environment=known)


_COLUMNS = (
    'name TEXT, "case" TEXT, "output" TEXT, status TEXT, grade TEXT, units FLOAT, reason TEXT'
)
