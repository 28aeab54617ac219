"""What a history keeps of one column in one run, beside its results."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from conformance.errors import HistoryError
from conformance.printable import cut, value
from conformance.verdict import conventions
from conformance.verdict.conventions import Convention
from conformance.verdict.record import RED, RunRecord, version, was_compared

Channel: TypeAlias = Literal["pinned", "newest", "gpu", "older"]
"""Which of its environments a column comes from: pinned, newest or older versions, or on a GPU."""

_OLDER: Channel = "older"

_USUAL_DEVICES = frozenset({"cpu", "simulator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRun:
    """One column in one run.

    Attributes:
        column: Its name through all versions: ``"torch/functional"``, with ``(newest)`` or
            ``(cuda)`` behind it where it is one of these.  An older release is a column of its
            own, ``"torch/functional (older 2.6.0)"``: it stays what it is.
        adapter: Name of the adapter.
        path: Name of the path; empty where only the adapter is known to be missing.
        missing: Why it did not report; empty where it did, and then all that follows is known.
        version: Version of the framework.
        device: Where it ran.
        about: What the path calls.
        started: When the column's run began, ISO 8601 with offset.
        seconds: How long it took.
        versions: Distributions to versions, the framework first.
        environment: The machine and the packages.
        dialect: The conventions that it declares.
        conventions: Those that were measured, by name; empty where none were.
        catalogue: Digest of the golden files that were used.
        catalogue_cases: How many cases these hold.
        cases: How many cases the column has a result for.
        compared: How many outputs were held against an expected value.
        red: How many outputs make the run fail.
        counts: How many outputs have each status.
        diagnosis: What is wrong, in sentences.
        body: Digest of the results; equal where all results are.
        results: File of the history that holds them.
    """

    column: str
    adapter: str
    path: str
    missing: str = ""
    version: str = ""
    device: str = ""
    about: str = ""
    started: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    dialect: Mapping[str, str] = field(default_factory=dict)
    conventions: Mapping[str, Convention] = field(default_factory=dict)
    catalogue: str = ""
    catalogue_cases: int = 0
    cases: int = 0
    compared: int = 0
    red: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    diagnosis: tuple[str, ...] = ()
    body: str = ""
    results: str = ""

    @property
    def good(self) -> bool:
        """Whether it reported, compared something, and nothing was red."""
        return not self.missing and self.compared > 0 and self.red == 0


JSON_FIELDS = ("versions", "environment", "dialect", "counts", "diagnosis", "conventions")
"""Fields that a Parquet file keeps as JSON text; one from before the last of them lacks that."""


def column_name(record: RunRecord) -> str:
    """The name of a record's column through all versions of its framework."""
    kind = record.device.partition(":")[0]
    marks = [] if kind in _USUAL_DEVICES else [kind]
    where = record.environment.get("channel", "")
    release = version(record).partition("+")[0]
    marks += filter(None, [f"{where} {release}" if where == _OLDER else where])
    name = f"{record.adapter}/{record.path}"
    return f"{name} ({', '.join(marks)})" if marks else name


def channel(column: str) -> Channel:
    """The channel of a column or of a `family`."""
    marks = column.partition(" (")[2].rstrip(")")
    if "newest" in marks.split(", "):
        return "newest"
    if any(mark.startswith(f"{_OLDER} ") for mark in marks.split(", ")):
        return _OLDER
    return "gpu" if marks else "pinned"


def family(column: str) -> str:
    """The adapter of a column with its channel: what a missing environment is named by.

    ``"jax/jnp (newest)"`` is of ``"jax (newest)"``, and so is that itself.
    """
    return family_name(column.partition("/")[0].partition(" (")[0], channel(column))


def family_name(adapter: str, where: str) -> str:
    """The family of an adapter and a channel."""
    return adapter if where == "pinned" else f"{adapter} ({where})"


def of_record(record: RunRecord) -> ColumnRun:
    """The entry of a run record; its results are not stored yet."""
    return ColumnRun(
        column=column_name(record),
        adapter=record.adapter,
        path=record.path,
        version=version(record),
        device=record.device,
        about=record.about,
        started=record.started,
        seconds=float(record.seconds),
        versions=dict(record.versions),
        environment=dict(record.environment),
        dialect=dict(record.dialect),
        conventions=dict(record.conventions),
        catalogue=str(record.catalogue.get("digest", "")),
        catalogue_cases=int(record.catalogue.get("cases", 0)),
        cases=len(record.cases),
        compared=sum(was_compared(r) for case in record.cases for r in case.outputs.values()),
        red=sum(record.counts[status] for status in RED),
        counts={status.value: n for status, n in sorted(record.counts.items())},
        diagnosis=tuple(found.sentence for found in record.diagnosis),
    )


def absent(column: str, why: str) -> ColumnRun:
    """The entry of a column that was to report and did not."""
    path = column.partition("/")[2].partition(" (")[0]
    adapter = family(column).partition(" (")[0]
    return ColumnRun(column=column, adapter=adapter, path=path, missing=why or "did not report")


def as_row(entry: ColumnRun) -> dict[str, Any]:
    """The entry as a row of a table."""
    row = {name: getattr(entry, name) for name in ColumnRun.__slots__}
    told = {name: row[name] for name in JSON_FIELDS}
    told["conventions"] = conventions.encode(entry.conventions)
    return row | {name: json.dumps(value) for name, value in told.items()}


def of_row(row: Mapping[str, Any], where: str) -> ColumnRun:
    """Undo `as_row`.

    Raises:
        HistoryError: the row is none of this schema.
    """
    try:
        parsed = {name: json.loads(row[name]) for name in JSON_FIELDS[:-1]}
        known = {name: row[name] for name in ColumnRun.__slots__ if name not in JSON_FIELDS}
        parsed["diagnosis"] = tuple(parsed["diagnosis"])
        parsed["conventions"] = conventions.checked(json.loads(row.get("conventions") or "{}"))
        entry = ColumnRun(**known, **parsed)
        _require_types(entry)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise HistoryError(
            f"{where} holds a row that is no column of a run: {cut(repr(error), 200)}. It was "
            "written by another program or version; move it out of the history."
        ) from error
    return entry


def _require_types(entry: ColumnRun) -> None:
    """Refuse an entry that holds something else than it should, or points out of the history.

    Raises:
        ValueError: it does.
    """
    for name in _TEXTS:
        if not isinstance(getattr(entry, name), str):
            raise ValueError(f"{name} is {value(getattr(entry, name))}, a text was wanted")  # noqa: TRY004 - a value of a file
    for name in ("seconds", "catalogue_cases", "cases", "compared", "red"):
        number = getattr(entry, name)
        if not isinstance(number, int | float) or not 0 <= number < math.inf:
            raise ValueError(f"{name} is {value(number)}, a number from 0 on was wanted")
    texts = [entry.versions, entry.environment, entry.dialect]
    if not all(isinstance(each, dict) and _all(str, each.values()) for each in texts):
        raise ValueError("versions, environment or dialect hold more than texts")
    if not (isinstance(entry.counts, dict) and _all(int, entry.counts.values())):
        raise ValueError("counts hold more than numbers")
    if not (_all(str, entry.diagnosis) and _RESULTS.fullmatch(entry.results)):
        raise ValueError(f"results are {value(entry.results)}, a file of the history was wanted")


def _all(kind: type, found: Iterable[object]) -> bool:
    return all(isinstance(each, kind) for each in found)


_TEXTS = (
    "column", "adapter", "path", "missing", "version", "device", "about", "started", "catalogue",
    "body", "results",
)  # fmt: skip
_RESULTS = re.compile(r"|results/\d{4}/[0-9a-f]{16}\.parquet", re.ASCII)
