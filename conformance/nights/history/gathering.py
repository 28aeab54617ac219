"""One night out of what its columns left behind: records that are good, and what is missing.

A column that broke costs itself alone: a record that cannot be read is named and the others go
on, and a column that left none is kept as missing, with the reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance import documents
from conformance.errors import HistoryError, RecordError
from conformance.nights.history.entry import column_name, family, family_name
from conformance.nights.history.store import History
from conformance.printable import one_line
from conformance.report.collect import Gathered, SetAside, search
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import record_files

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
    found, problems = _found(places)
    required = list(required)
    there = {column_name(record) for record in found.records}
    known = _recent_columns(history)
    ended = {outcome.family: outcome for outcome in outcomes}
    # Of a night of which nothing is known but files of no use there is nothing to keep.
    missing = unused(found.aside, there) if found.records or ended or required else {}
    for wanted in dict.fromkeys([*required, *ended]):
        mine = [column for column in known if family(column) == wanted]
        if not mine and not any(family(column) == wanted for column in there):
            mine = [wanted]
        why = ended[wanted].told if wanted in ended else "wrote no run record"
        gone = {column: why for column in mine if column not in there}
        missing = {**gone, **missing}  # what is wrong with its record is said rather
    problems += [each.why for each in found.aside]
    return Night(records=found.records, missing=missing, problems=tuple(problems))


def read_outcomes(file: Path) -> tuple[list[ColumnEnd], list[str]]:
    """How the environments ended, and which accounts of that cannot be used.

    Raises:
        HistoryError: the file is missing, or is no list.
    """
    ends, problems = [], []
    for number, each in enumerate(documents.read(file, "outcomes")):
        try:
            documents.require(each, "outcome", f"{file}, item {number},")
        except HistoryError as error:
            problems.append(str(error))
            continue
        ends.append(
            ColumnEnd(
                adapter=each["adapter"],
                channel=each["channel"],
                exit=None if each["exit"] is None else int(each["exit"]),
                reason=one_line(each.get("reason", "")),
            )
        )
    return ends, problems


def _found(places: Sequence[Path]) -> tuple[Gathered, list[str]]:
    """What is at the places, and which of them hold nothing."""
    there, problems = [], []
    for place in places:
        try:
            record_files(place)
        except RecordError as error:
            problems.append(str(error))
        else:
            there.append(place)
    return search(there, whole=True, column=column_name), problems


def unused(aside: Iterable[SetAside], there: Container[str]) -> dict[str, str]:
    """Columns whose record cannot be used, with the reason: named as their file is."""
    found: dict[str, str] = {}
    for each in aside:
        column = _column_of(each.name)
        taken = column in there or column in found
        found[each.name if taken else column] = each.why
    return found


def _column_of(file: str) -> str:
    """The column that a file was to be: ``torch/native.json`` is ``torch/native``."""
    return "/".join(file.removesuffix(".json").split("/")[-2:])


def _recent_columns(history: History) -> list[str]:
    runs = history.readable(RECENT).values()
    return list(
        dict.fromkeys(e.column for entries in runs for e in entries if e.path and not e.missing)
    )
