"""What nobody may miss about the nights themselves, whatever the results say.

A night that did not happen, a column that fell silent, a catalogue that shrank: each looks like
peace to whoever looks at failures only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from conformance.nights.history.entry import ColumnRun, family
from conformance.nights.history.gathering import RECENT
from conformance.nights.history.store import History, began

HOURS = 26.0
"""After how many hours without a run a night is missing: a day, and time to finish."""

_NAMED = 5


class Alarm(StrEnum):
    """What is wrong with the nights."""

    NEVER_RAN = "never-ran"
    MISSING_NIGHT = "missing-night"
    NOTHING_COMPARED = "nothing-compared"
    MISSING_COLUMN = "missing-column"
    SILENT_COLUMN = "silent-column"
    SHRUNKEN_CATALOGUE = "shrunken-catalogue"
    PARTIAL_COLUMN = "partial-column"
    DAMAGED_FILE = "damaged-file"
    RUN_OF_THE_FUTURE = "run-of-the-future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One alarm.

    Attributes:
        alarm: Which.
        text: What is wrong, with what was seen and what was expected.
    """

    alarm: Alarm
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The last time a column was good: reported, compared something, nothing red."""

    run: str
    entry: ColumnRun


def age(name: str, now: datetime) -> str:
    """How long ago the run of that name began: ``"3 days"``, ``"5 hours"``."""
    hours = int((now - began(name)).total_seconds() // 3600)
    count, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour")  # noqa: PLR2004 - 2 days
    return f"{count} {unit}{'' if count == 1 else 's'}"


def raised(history: History, now: datetime, *, hours: float = HOURS) -> list[Raised]:
    """All alarms of a history.

    Args:
        history: The history.
        now: The time, with its offset.
        hours: After how many hours without a run a night is missing.
    """
    found = [Raised(alarm=Alarm.DAMAGED_FILE, text=text) for text in history.damaged()]
    for name in history.ahead():
        text = f"{name} says that it began in the future, and is left out; remove its file"
        found.append(Raised(alarm=Alarm.RUN_OF_THE_FUTURE, text=text))
    names = history.names()
    if not names:
        text = f"{history.folder} holds no run; add one with: conformance history add"
        return [*found, Raised(alarm=Alarm.NEVER_RAN, text=text)]
    if now - began(names[-1]) > timedelta(hours=hours):
        text = (
            f"the last run began {age(names[-1], now)} ago ({names[-1][:18]}), "
            f"one every {hours:g} hours was wanted"
        )
        found.append(Raised(alarm=Alarm.MISSING_NIGHT, text=text))
    recent = history.readable(RECENT)
    if names[-1] in recent:
        found += _of_night(history, names[-1], recent, now)
    return found


def last_good(runs: Mapping[str, Sequence[ColumnRun]]) -> dict[str, LastGood]:
    """The last time each column was good, by name of the column.

    Args:
        runs: The columns of every run, by name of the run, the oldest first.
    """
    return {
        entry.column: LastGood(run=name, entry=entry)
        for name, entries in runs.items()
        for entry in entries
        if entry.good
    }


def _of_night(
    history: History, name: str, recent: Mapping[str, Sequence[ColumnRun]], now: datetime
) -> Iterator[Raised]:
    entries = {entry.column: entry for entry in recent[name]}
    if not any(entry.compared for entry in entries.values()):
        text = f"{name[:18]} compared nothing in {len(entries)} columns"
        yield Raised(alarm=Alarm.NOTHING_COMPARED, text=text)
    good = last_good(recent)
    for column, entry in entries.items():
        if entry.missing:
            mine = [g for c, g in good.items() if column in (c, family(c))]
            last = max(mine, key=lambda g: g.run, default=None)
            text = f"{column}: {entry.missing}; {_last(last, now)}"
            yield Raised(alarm=Alarm.MISSING_COLUMN, text=text)
        elif not entry.compared:
            text = (
                f"{column} compared nothing in {entry.cases} cases; {_last(good.get(column), now)}"
            )
            yield Raised(alarm=Alarm.SILENT_COLUMN, text=text)
        if not entry.missing and entry.cases < entry.catalogue_cases:
            text = f"{column} has {entry.cases} of {entry.catalogue_cases} cases"
            yield Raised(alarm=Alarm.PARTIAL_COLUMN, text=text)
    before = {e.column for run, earlier in recent.items() if run != name for e in earlier if e.path}
    silent = {column for column, entry in entries.items() if entry.missing and not entry.path}
    for column in sorted(before - entries.keys()):
        if family(column) not in silent:
            text = f"{column} left no trace tonight; {_last(good.get(column), now)}"
            yield Raised(alarm=Alarm.MISSING_COLUMN, text=text)
    yield from _shrunken(history, name, recent)


def _last(good: LastGood | None, now: datetime) -> str:
    if good is None:
        return f"it was not good in the last {RECENT} runs"
    return f"last good {age(good.run, now)} ago with {good.entry.version}"


def _shrunken(
    history: History, name: str, recent: Mapping[str, Sequence[ColumnRun]]
) -> Iterator[Raised]:
    """Cases that the catalogue of a recent night had and that of this night has not."""
    here = {e.catalogue for e in recent[name] if e.catalogue}
    earlier = {e.catalogue for entries in recent.values() for e in entries if e.catalogue}
    if not here:
        return
    now_cases = set().union(*(history.cases(catalogue) for catalogue in here))
    for catalogue in sorted(earlier - here):
        cases = history.cases(catalogue)
        gone = [case for case in cases if case not in now_cases]
        if gone:
            named = ", ".join(gone[:_NAMED]) + (", ..." if len(gone) > _NAMED else "")
            text = (
                f"{len(gone)} of {len(cases)} cases of catalogue {catalogue[:12]} are gone from "
                f"{', '.join(sorted(c[:12] for c in here))}, which has {len(now_cases)}: {named}"
            )
            yield Raised(alarm=Alarm.SHRUNKEN_CATALOGUE, text=text)
