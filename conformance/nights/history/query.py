"""What DuckDB is asked about a history; nothing here is kept between two questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from conformance.errors import HistoryError
from conformance.printable import cut
from conformance.verdict.record import Status


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that reads files and needs no network."""
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})


def answers(text: str, files: Sequence[str], **values: Any) -> list[tuple[Any, ...]]:
    """What a question about some Parquet files, `$files` in it, is answered.

    Raises:
        HistoryError: one of them is no Parquet file, or holds other columns.
    """
    with connect() as database:
        try:
            return database.execute(text, {"files": list(files), **values}).fetchall()
        except duckdb.Error as error:
            raise _foreign(files, error) from error


def _foreign(files: Sequence[str], error: duckdb.Error) -> HistoryError:
    which = files[0] if len(files) == 1 else f"one of {len(files)} files in {Path(files[0]).parent}"
    return HistoryError(
        f"{which} is no file of a history: {cut(str(error), 200)}. It was written by another "
        "program or version; move it out of the history."
    )


def rows(files: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of run files, each with the file that it is from.

    Raises:
        HistoryError: one of them is no Parquet file.
    """
    if not files:
        return
    with connect() as database:
        try:
            found = database.execute(
                "SELECT * FROM read_parquet(?, filename = true, union_by_name = true)",
                [list(files)],
            )
            names = [column[0] for column in found.description]
            told = found.fetchall()
        except duckdb.Error as error:
            raise _foreign(files, error) from error
    for values in told:
        row = dict(zip(names, values, strict=True))
        yield str(row.pop("filename", files[0])), row


_NO_RESULT = """
    SELECT filename, count(*) FROM read_parquet($files, filename = true)
    WHERE status IS NULL OR status NOT IN (SELECT unnest($statuses))
        OR grade NOT IN ('A', 'B', 'C', 'F') OR units < 0 OR NOT isfinite(units)
        OR "case" IS NULL OR "output" IS NULL OR body IS NULL
    GROUP BY filename
"""


def foreign_results(files: Sequence[str]) -> dict[str, str]:
    """Which of some intact files hold something else than results, each with what is wrong."""
    if not files:
        return {}
    try:
        told = answers(_NO_RESULT, files, statuses=[status.value for status in Status])
    except HistoryError as error:
        if len(files) == 1:
            return {files[0]: str(error)}
        return {name: why for file in files for name, why in foreign_results([file]).items()}
    return {
        str(file): f"{file} holds {wrong} rows that are no results: a status or a grade that there "
        "is not, or an error that is no number. Move it out of the history."
        for file, wrong in told
    }
