"""A history in a folder: adding runs, naming them, reading what they hold.

    runs/2026/2026-11-21T030000Z-<digest>.parquet    one file per run: its columns
    results/2026/<digest>.parquet                    results that no earlier run had
    cases/<digest of the catalogue>-<digest>.parquet the cases of a catalogue

Files are never changed, so a bucket synchronizes them in any order and two machines may write at
once.  What a run refers to is written before the run; a writer that is killed leaves at most a
file that nothing refers to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from conformance import scratch
from conformance.errors import HistoryError
from conformance.file_names import file_name
from conformance.nights.history import files
from conformance.nights.history.entry import ColumnRun, absent, of_record, of_row
from conformance.report.printable import clean
from conformance.verdict.plausible import is_ahead
from conformance.verdict.record import RunRecord

_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{16}")
_BACK = re.compile(r"(latest|previous)(?:~(\d+))?")
_FOLDERS = ("runs", "results", "cases")
_REMEMBERED = 60
"""How many runs back results are looked for that need not be stored again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a run that was added.

    Attributes:
        name: Its name.
        is_new: False where the very same run was there already.
        entries: Its columns.
        stored: How many of them had results that were not in the history yet.
    """

    name: str
    is_new: bool
    entries: tuple[ColumnRun, ...]
    stored: int


class History:
    """The runs in a folder.

    Attributes:
        folder: Where the files lie.
    """

    def __init__(self, folder: Path) -> None:
        """Open a history; the folder need not exist before the first run is added."""
        self.folder = folder

    def names(self) -> list[str]:
        """The names of all runs, the oldest first; files that are none are not looked at.

        Nor are those that began in the future: one of them would be the latest for ever.
        """
        return [name for name in self._all_names() if not is_ahead(began(name))]

    def ahead(self) -> list[str]:
        """The names of runs that say that they began in the future."""
        return [name for name in self._all_names() if is_ahead(began(name))]

    def _all_names(self) -> list[str]:
        found = (file.name.removesuffix(files.SUFFIX) for file in self._run_files())
        return sorted(name for name in found if _NAME.fullmatch(name) and _exists(name))

    def resolve(self, word: str) -> str:
        """The name of one run.

        Args:
            word: A name or its beginning, such as a date; ``latest``, ``previous`` (the one
                before), ``latest~7`` (seven runs before).

        Raises:
            HistoryError: no run or several are meant.
        """
        names = self.names()
        back = _BACK.fullmatch(word)
        if back:
            steps = int(back[2] or 0) + (back[1] == "previous")
            found = names[-1 - steps : len(names) - steps] if steps < len(names) else []
        else:
            found = [name for name in names if name.startswith(word)]
        if len(found) == 1:
            return found[0]
        if found:
            raise HistoryError(
                f"{word!r} is the beginning of {len(found)} runs in {self.folder}: "
                f"{', '.join(found[:5])}. Write more of the name."
            )
        there = f"It has {len(names)} runs, {names[0]} to {names[-1]}" if names else "It is empty"
        raise HistoryError(
            f"there is neither a run {word!r} in {self.folder} nor a folder of run records of "
            f"that name. {there}; see: conformance history list, and conformance history add."
        )

    def file(self, name: str) -> Path:
        """The file of a run, intact.

        Raises:
            HistoryError: it is missing or damaged.
        """
        return files.require(self._place(name))

    def entries(self, name: str) -> tuple[ColumnRun, ...]:
        """The columns of a run.

        Raises:
            HistoryError: its file is missing, damaged or foreign.
        """
        return self.all_entries([name])[name]

    def all_entries(self, names: Sequence[str]) -> dict[str, tuple[ColumnRun, ...]]:
        """The columns of several runs, each run by its name.

        Raises:
            HistoryError: a file is missing, damaged or foreign.
        """
        from conformance.nights.history import query  # noqa: PLC0415 - adding needs no DuckDB

        found: dict[str, list[ColumnRun]] = {name: [] for name in names}
        by_file = {str(self.file(name)): name for name in names}
        for file, row in query.rows(list(by_file)):
            found[by_file[file]].append(of_row(row, file))
        return {name: tuple(entries) for name, entries in found.items()}

    def readable(self, last: int) -> dict[str, tuple[ColumnRun, ...]]:
        """The columns of the last runs, by name; those of a damaged file are left out.

        Args:
            last: How many runs back.
        """
        return self.intact(self.names()[-last:])

    def intact(self, names: Iterable[str]) -> dict[str, tuple[ColumnRun, ...]]:
        """The columns of some runs, by name; those of a damaged or foreign file are left out."""
        whole = [name for name in names if files.is_intact(self._place(name))]
        try:
            return self.all_entries(whole)
        except HistoryError:
            return {name: entries for name in whole if (entries := self._own(name)) is not None}

    def _own(self, name: str) -> tuple[ColumnRun, ...] | None:
        """The columns of a run; None where its file is another program's."""
        try:
            return self.entries(name)
        except HistoryError:
            return None

    def cases(self, catalogue: str) -> dict[str, dict[str, str]]:
        """The cases of a catalogue that any run told: case ids to group, mode, layout, dtype.

        Args:
            catalogue: Digest of the catalogue.

        Raises:
            HistoryError: a file is damaged.
        """
        from conformance.nights.history import query  # noqa: PLC0415 - adding needs no DuckDB

        found = sorted((self.folder / "cases").glob(f"{_stem(catalogue)}*{files.SUFFIX}"))
        rows = query.rows([str(files.require(file)) for file in found])
        return {row.pop("case"): row for _, row in rows}

    def damaged(self) -> list[str]:
        """What is wrong with the files of this history, in sentences; empty where nothing is.

        What lies beside its three folders (a version control's files, notes) is not looked at.
        """
        from conformance.nights.history import query  # noqa: PLC0415 - adding needs no DuckDB

        problems: list[str] = []
        whole: dict[str, list[str]] = {name: [] for name in _FOLDERS}
        found = [(name, f) for name in _FOLDERS for f in sorted((self.folder / name).rglob("*"))]
        for name, file in found:
            if not file.is_file() or file.name.startswith("."):
                continue
            try:
                whole[name].append(str(files.require(file)))
            except HistoryError as error:
                problems.append(str(error))
        foreign = {**_foreign_runs(whole["runs"]), **query.foreign_results(whole["results"])}
        return [*problems, *foreign.values()]

    def add(self, records: Sequence[RunRecord], missing: Mapping[str, str] | None = None) -> Added:
        """Add one run.

        Args:
            records: What reported: one record per path, device and channel (pinned, newest).
            missing: Columns or adapters that were to report and did not, each with the reason.

        Raises:
            HistoryError: there is neither a record nor a missing column, or one column twice.
        """
        records = [clean(record) for record in records]
        entries = [of_record(record) for record in records]
        _refuse_duplicates(entries)
        gone = [absent(column, why) for column, why in (missing or {}).items()]
        if not entries and not gone:
            raise HistoryError(
                "0 run records were given, at least one was wanted. "
                "Write one with: conformance run, or name what did not report."
            )
        self._sweep()
        started = _started(entries)
        kept, stored = self._store(records, entries, started)
        content = _columns([*kept, *gone])
        stem = started.strftime("%Y-%m-%dT%H%M%SZ-")
        name = stem + files.digest(content)
        is_new = name not in self.names()
        files.write(self._runs / name[:4], stem, content)
        return Added(name=name, is_new=is_new, entries=(*kept, *gone), stored=stored)

    def results_file(self, entry: ColumnRun) -> Path:
        """The file that holds the results of an entry, intact.

        Raises:
            HistoryError: it is missing or damaged.
        """
        return files.require(self.folder / entry.results)

    def _sweep(self) -> None:
        """Remove what a killed writer left, also in folders that this run writes nothing to."""
        for name in _FOLDERS:
            for place in (self.folder / name, *(self.folder / name).glob("*/")):
                scratch.sweep(place)

    def _place(self, name: str) -> Path:
        return self._runs / name[:4] / f"{name}{files.SUFFIX}"

    @property
    def _runs(self) -> Path:
        return self.folder / "runs"

    def _run_files(self) -> Iterable[Path]:
        return self._runs.glob(f"*/*{files.SUFFIX}")

    def _store(
        self, records: Sequence[RunRecord], entries: Sequence[ColumnRun], started: datetime
    ) -> tuple[list[ColumnRun], int]:
        """Write the results and the cases that are new; the entries, told where they are."""
        from conformance.nights.history import tables  # noqa: PLC0415 - reading needs none of it

        known = self._known()
        bodies = [tables.results_table(record) for record in records]
        new = {body: table for body, table in bodies if body not in known}
        if new:
            content = tables.as_parquet(tables.together(new.values()))
            file = files.write(self.folder / "results" / f"{started:%Y}", "", content)
            known |= dict.fromkeys(new, file.relative_to(self.folder).as_posix())
        for catalogue in {entry.catalogue for entry in entries}:
            mine = [r for r, e in zip(records, entries, strict=True) if e.catalogue == catalogue]
            content = tables.as_parquet(tables.cases_table(mine))
            files.write(self.folder / "cases", _stem(catalogue), content)
        kept = [
            replace(entry, body=body, results=known[body])
            for entry, (body, _) in zip(entries, bodies, strict=True)
        ]
        return kept, len(new)

    def _known(self) -> dict[str, str]:
        """Bodies that are stored, with their files; what is damaged is stored again."""
        runs = self.readable(_REMEMBERED).values()
        known = {e.body: e.results for entries in runs for e in entries if e.body}
        intact = {file for file in set(known.values()) if files.is_intact(self.folder / file)}
        return {body: file for body, file in known.items() if file in intact}


def _foreign_runs(places: Sequence[str]) -> dict[str, str]:
    """Which of some intact files are no runs, each with what is wrong."""
    from conformance.nights.history import query  # noqa: PLC0415 - adding needs no DuckDB

    try:
        for file, row in query.rows(places):
            of_row(row, file)
    except HistoryError as error:
        if len(places) == 1:
            return {places[0]: str(error)}
        return {name: why for place in places for name, why in _foreign_runs([place]).items()}
    return {}


def began(name: str) -> datetime:
    """When the run of that name began."""
    return datetime.strptime(name[:18] + "+0000", "%Y-%m-%dT%H%M%SZ%z")


def _exists(name: str) -> bool:
    """Whether the time in a name is one."""
    try:
        began(name)
    except ValueError:
        return False
    return True


def _columns(entries: Iterable[ColumnRun]) -> bytes:
    from conformance.nights.history import tables  # noqa: PLC0415 - reading needs none of it

    return tables.as_parquet(tables.columns_table(entries))


def _stem(catalogue: str) -> str:
    """What the names of the files of a catalogue's cases begin with."""
    known = re.fullmatch("[0-9a-f]{64}", catalogue) is not None
    return f"{catalogue[:16] if known else file_name(catalogue)}-"


def _started(entries: Sequence[ColumnRun]) -> datetime:
    """When the last of its columns began: a run that is added again with more of them is later.

    Raises:
        HistoryError: one began in the future, and would be the latest run for ever.
    """
    begun = [datetime.fromisoformat(entry.started) for entry in entries]
    last = max(begun, default=datetime.now(UTC))
    if is_ahead(last):
        raise HistoryError(
            f"a record says that it began at {last.isoformat()}, which is in the future; a time "
            "that is over was wanted. Set the clock of that machine, and run it again."
        )
    return last.astimezone(UTC)


def _refuse_duplicates(entries: Iterable[ColumnRun]) -> None:
    seen: dict[str, ColumnRun] = {}
    for entry in entries:
        other = seen.setdefault(entry.column, entry)
        if other is not entry:
            raise HistoryError(
                f"{entry.column} is there twice, with version {other.version} and with "
                f"{entry.version}; a run holds each column once. "
                "Add the other to a history of its own."
            )
