"""What DuckDB is asked about a history; nothing here is kept between two questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that reads files and needs no network."""
    return duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})


def rows(files: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of run files, each with the file that it is from."""
    if not files:
        return
    with connect() as database:
        found = database.execute(
            "SELECT * FROM read_parquet(?, filename = true, union_by_name = true)", [list(files)]
        )
        names = [column[0] for column in found.description]
        for values in found.fetchall():
            row = dict(zip(names, values, strict=True))
            yield row.pop("filename"), row
