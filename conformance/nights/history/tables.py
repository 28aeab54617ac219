"""Runs as Parquet tables: their columns, what came out of every output, and the cases.

``results`` has a row per case and output.  Units are kept to two significant digits, below one
unit to one, which is finer than any question that a history answers; the reason, which tells the
worst element where an output is no plain pass, is kept in full.  Rows of the same case and output
lie together whatever column they are of, so that what is equal compresses to nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from conformance.nights.history.entry import ColumnRun, as_row
from conformance.verdict.record import OutputResult, RunRecord, Status

RESULTS = pa.schema(
    [
        ("body", pa.string()),
        ("case", pa.string()),
        ("output", pa.string()),
        ("status", pa.string()),
        ("grade", pa.string()),
        ("units", pa.float32()),
        ("reason", pa.string()),
    ]
)
"""What came out: status, grade, units, and the reason where it is no plain pass."""

CASES = pa.schema([(n, pa.string()) for n in ("case", "group", "mode", "layout", "dtype")])
"""What the cases of a catalogue are."""

COLUMNS = pa.schema(
    [
        *((n, pa.string()) for n in ("column", "adapter", "path", "missing", "version", "device")),
        *((n, pa.string()) for n in ("about", "started", "catalogue", "body", "results")),
        *((n, pa.string()) for n in ("versions", "environment", "dialect", "diagnosis", "counts")),
        ("conventions", pa.string()),
        *((n, pa.int32()) for n in ("catalogue_cases", "cases", "compared", "red")),
        ("seconds", pa.float32()),
    ]
)
"""The columns of a run: `CaseEntry`, field by field."""


_LARGEST = 3.4e38
"""The largest error that a float32 keeps; what is further out is no nearer for that."""


def results_table(record: RunRecord, *, exact: bool = False) -> tuple[str, pa.Table]:
    """The digest of a record's results, and their table.

    Args:
        record: The record.
        exact: Keep every digit of the units, for a comparison that is not stored.
    """
    rows = [
        _result_row(case.case, name, result, exact=exact)
        for case in record.cases
        for name, result in case.outputs.items()
    ]
    body = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
    return body, pa.Table.from_pylist([{"body": body, **row} for row in rows], schema=RESULTS)


def _result_row(case: str, output: str, result: OutputResult, *, exact: bool) -> dict[str, Any]:
    units = result.units
    if units is not None:
        units = (
            min(units, _LARGEST) if exact else float(f"{min(units, _LARGEST):.{int(units >= 1)}e}")
        )
    return {
        "case": case,
        "output": output,
        "status": result.status.value,
        "grade": result.grade,
        "units": units,
        "reason": None if result.status is Status.PASS else result.reason,
    }


def together(tables: Iterable[pa.Table]) -> pa.Table:
    """Results of several columns as one table, rows of the same case and output side by side."""
    whole = pa.concat_tables(tables)
    place: dict[tuple[str, str], int] = {}
    keys = zip(whole["case"].to_pylist(), whole["output"].to_pylist(), strict=True)
    places = [place.setdefault(key, len(place)) for key in keys]
    return whole.take(sorted(range(len(places)), key=places.__getitem__))


def columns_table(entries: Iterable[ColumnRun]) -> pa.Table:
    """The table of a run's columns."""
    return pa.Table.from_pylist([as_row(entry) for entry in entries], schema=COLUMNS)


def cases_table(records: Iterable[RunRecord]) -> pa.Table:
    """The table of the cases that records hold, in their order."""
    rows = {
        case.case: {name: getattr(case, name) for name in CASES.names}
        for record in records
        for case in record.cases
    }
    return pa.Table.from_pylist(list(rows.values()), schema=CASES)


def as_parquet(table: pa.Table) -> bytes:
    """The bytes of a Parquet file of `table`: the same bytes for the same table."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=19,
        write_statistics=False,
        store_schema=False,
    )
    return bytes(sink.getvalue())
