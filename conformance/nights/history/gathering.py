"""One night out of what its columns left behind: records that are good, and what is missing.

A column that broke costs itself alone: a record that cannot be read is named and the others go
on, and a column that left none is kept as missing, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance import documents
from conformance.errors import RecordError
from conformance.nights.history.entry import column_name, family, family_name
from conformance.nights.history.store import History
from conformance.report.collect import collect
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import record_files, require_whole

RECENT = 14
"""How many runs back a column is remembered that does not report any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEnd:
    """How the environment of one adapter ended.

    Attributes:
        adapter: Name of the adapter.
        channel: ``"pinned"``, ``"newest"`` or ``"gpu"``.
        exit: Its exit status; None where it was stopped.
        reason: What it said last, or why it was stopped.
    """

    adapter: str
    channel: str
    exit: int | None
    reason: str = ""

    @property
    def family(self) -> str:
        """The adapter with its channel, as columns are grouped by."""
        return family_name(self.adapter, self.channel)

    @property
    def told(self) -> str:
        """Why nothing of it is there, in words."""
        ended = "was stopped" if self.exit is None else f"ended with {self.exit}"
        why = f": {self.reason}" if self.reason else " and left no run record"
        return f"its environment {ended}{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What is to be added to a history.

    Attributes:
        records: What reported.
        missing: Columns that did not, each with the reason.
        problems: Records that could not be used, each with the reason.
    """

    records: tuple[RunRecord, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def gather(
    places: Sequence[Path],
    history: History,
    *,
    required: Iterable[str] = (),
    outcomes: Sequence[ColumnEnd] = (),
) -> Night:
    """Gather one night.

    Args:
        places: Run records, and folders that are searched for them.
        history: What earlier nights had tells which columns an adapter has.
        required: Adapters that are to report.
        outcomes: How the environments ended.
    """
    records, problems = _readable(places)
    there = {column_name(record) for record in records}
    known = _recent_columns(history)
    ended = {outcome.family: outcome for outcome in outcomes}
    missing: dict[str, str] = {}
    for wanted in dict.fromkeys([*required, *ended]):
        mine = [column for column in known if family(column) == wanted]
        if not mine and not any(family(column) == wanted for column in there):
            mine = [wanted]
        why = ended[wanted].told if wanted in ended else "wrote no run record"
        missing |= {column: why for column in mine if column not in there}
    return Night(records=tuple(records), missing=missing, problems=tuple(problems))


def read_outcomes(file: Path) -> list[ColumnEnd]:
    """Read how the environments ended.

    Raises:
        HistoryError: the file is missing or malformed.
    """
    return [
        ColumnEnd(
            adapter=each["adapter"],
            channel=each["channel"],
            exit=each["exit"],
            reason=each.get("reason", ""),
        )
        for each in documents.read(file, "outcomes")
    ]


def _readable(places: Sequence[Path]) -> tuple[list[RunRecord], list[str]]:
    records: list[RunRecord] = []
    problems: list[str] = []
    for place in places:
        try:
            files = record_files(place)
        except RecordError as error:
            problems.append(str(error))
            continue
        for file in files:
            try:
                (record,) = collect([file])
                require_whole(record, file)
            except RecordError as error:
                problems.append(str(error))
                continue
            records.append(record)
    return records, problems


def _recent_columns(history: History) -> list[str]:
    runs = history.readable(RECENT).values()
    return list(dict.fromkeys(e.column for entries in runs for e in entries if e.path))
