"""What the pages need of a history: the newest results in full, and the trends of the past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from conformance.errors import HistoryError
from conformance.nights.history import files, query
from conformance.nights.history.alarms import LastGood, Raised, last_good, raised
from conformance.nights.history.entry import ColumnRun, family
from conformance.nights.history.store import History

NIGHTS = 400
"""How many runs back the trends of a path go."""

SHOWN_NIGHTS = 30
"""How many runs back a column is shown that does not report any more."""

CASE_NIGHTS = 90
"""How many runs back the trends of a case go: there are as many series as paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the site shows of one column: its newest results, of this night or of an earlier one.

    Attributes:
        entry: The column as it last reported.
        run: The run that it is from.
        late: Why it is not from the newest run; empty where it is.
    """

    entry: ColumnRun
    run: str
    late: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownResult:
    """One output of one case in the newest results of a column."""

    case: str
    output: str
    status: str
    grade: str | None
    units: float | None
    reason: str | None


class Archive:
    """The readable part of a history, as of one moment.

    Attributes:
        history: The history.
        now: The moment.
        alarms: What nobody may miss.
        runs: The columns of the last runs, by name of the run, the oldest first.
    """

    def __init__(self, history: History, now: datetime, *, hours: float) -> None:
        """Read the columns of the last runs; damaged files are alarms, and left out.

        Raises:
            HistoryError: there is no run that can be read.
        """
        self.history, self.now, self.hours = history, now, hours
        self.alarms: Sequence[Raised] = raised(history, now, hours=hours)
        found = history.readable(NIGHTS)
        self._spoilt = _spoilt(history, [e for entries in found.values() for e in entries])
        self.runs: dict[str, tuple[ColumnRun, ...]] = {
            name: tuple(map(self._with_results, entries)) for name, entries in found.items()
        }
        if not self.runs:
            raise HistoryError(
                f"{history.folder} holds no run that can be read, at least one was wanted. "
                "Add one with: conformance history add records"
            )

    @property
    def newest(self) -> str:
        """The name of the newest run."""
        return max(self.runs)

    @cached_property
    def good(self) -> dict[str, LastGood]:
        """The last time each column was good."""
        return last_good(self.runs)

    @cached_property
    def shown(self) -> dict[str, Shown]:
        """Every column, with the newest results that it has."""
        found: dict[str, Shown] = {}
        tonight = {entry.column: entry for entry in self.runs[self.newest]}
        missing = {c: e.missing for c, e in tonight.items() if e.missing and not e.path}
        for name in list(self.runs)[-SHOWN_NIGHTS:]:
            for entry in self.runs[name]:
                if not entry.path:
                    continue
                if not entry.missing:
                    found[entry.column] = Shown(entry=entry, run=name)
                elif entry.column not in found:
                    found[entry.column] = Shown(entry=entry, run=name, late=entry.missing)
        for column, shown in found.items():
            if shown.run != self.newest:
                told = tonight.get(column)
                why = told.missing if told else missing.get(family(column), "left no trace")
                found[column] = Shown(entry=shown.entry, run=shown.run, late=why)
        return dict(sorted(found.items()))

    @cached_property
    def results(self) -> dict[str, list[ShownResult]]:
        """The newest results of every column, in the order of the catalogue."""
        bodies = {shown.entry.body for shown in self.shown.values() if shown.entry.body}
        found: dict[str, list[ShownResult]] = {body: [] for body in bodies}
        seen: set[tuple[str, str, str]] = set()
        for body, *row in self._ask(
            'SELECT body, "case", "output", status, grade, units, reason '
            "FROM read_parquet($files) WHERE body IN (SELECT unnest($bodies))",
            self._files(shown.entry for shown in self.shown.values()),
            bodies=sorted(bodies),
        ):
            result = ShownResult(**dict(zip(ShownResult.__slots__, row, strict=True)))
            if (body, result.case, result.output) not in seen:  # two writers may store the same
                seen.add((body, result.case, result.output))
                found[body].append(result)
        return {c: found.get(s.entry.body, []) for c, s in self.shown.items()}

    @cached_property
    def cases(self) -> dict[str, dict[str, str]]:
        """Every case of the newest results: group, mode, layout, dtype."""
        found: dict[str, dict[str, str]] = {}
        for catalogue in {shown.entry.catalogue for shown in self.shown.values()}:
            found |= self.history.cases(catalogue) if catalogue else {}
        return found

    @cached_property
    def by_output(self) -> dict[str, dict[str, float | None]]:
        """For the results of every night the largest error of each output that passes, in units.

        Failures would hide it: theirs is a million units and more, and `Entry.counts` has them.
        """
        return self._trend("output", list(self.runs))

    @cached_property
    def by_case(self) -> dict[str, dict[str, float | None]]:
        """The same by case, for fewer nights."""
        return self._trend("case", list(self.runs)[-CASE_NIGHTS:])

    def nights_of(self, column: str) -> dict[str, ColumnRun]:
        """The runs in which a column reported, the oldest first."""
        return {
            name: entry
            for name, entries in self.runs.items()
            for entry in entries
            if entry.column == column and entry.body
        }

    def _with_results(self, entry: ColumnRun) -> ColumnRun:
        """An entry whose results cannot be read is missing; the alarms name the file."""
        if entry.missing or entry.results not in self._spoilt:
            return entry
        return ColumnRun(
            column=entry.column,
            adapter=entry.adapter,
            path=entry.path,
            missing=f"its results are damaged: {entry.results}",
        )

    def _trend(
        self, by: Literal["case", "output"], names: Sequence[str]
    ) -> dict[str, dict[str, float | None]]:
        entries = [e for name in names for e in self.runs[name] if e.body]
        found: dict[str, dict[str, float | None]] = {}
        for body, key, units in self._ask(_TRENDS[by], self._files(entries)):
            found.setdefault(body, {})[key] = units
        return found

    def _files(self, entries: Iterable[ColumnRun]) -> list[str]:
        return sorted({str(self.history.folder / e.results) for e in entries if e.results})

    def _ask(self, text: str, places: Sequence[str], **values: Any) -> list[tuple[Any, ...]]:
        return query.answers(text, places, **values) if places else []


def _spoilt(history: History, entries: Iterable[ColumnRun]) -> frozenset[str]:
    """Files of results that are missing, damaged or another program's."""
    names = {entry.results for entry in entries if not entry.missing}
    whole = {str(history.folder / n): n for n in names if files.is_intact(history.folder / n)}
    foreign = {whole[file] for file in query.foreign_results(list(whole))}
    return frozenset(names - set(whole.values()) | foreign)


_TRENDS = {
    "case": 'SELECT body, "case", max(units) FROM read_parquet($files) '
    "WHERE grade IS NOT NULL GROUP BY ALL",
    "output": 'SELECT body, "output", max(units) FROM read_parquet($files) '
    "WHERE status IN ('pass', 'degraded') GROUP BY ALL",
}
