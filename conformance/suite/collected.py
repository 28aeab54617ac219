"""What one pytest session knows: its columns, their workers, and the results so far."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance.case import Dialect
from conformance.cases import golden, tiers
from conformance.cases.tier_names import STANDARD
from conformance.checking import conventions
from conformance.errors import SelectionError
from conformance.harness import run as runner
from conformance.harness.column import Column
from conformance.harness.recording import make_record
from conformance.harness.session import Session
from conformance.suite.shelf import Shelf
from conformance.verdict import conventions as measured
from conformance.verdict import diagnosed, ruler
from conformance.verdict.conventions import Convention
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.record import CaseResult, now
from conformance.verdict.record_file import decode_case, save


class Collected:
    """Columns by id, one worker process for each, and results by column and case."""

    def __init__(self, selectors: Iterable[str], tier: str) -> None:
        """Remember what to test; nothing starts before `items` is asked for."""
        self._selectors, self._tier = list(selectors), tier
        self._columns: dict[str, Column] = {}
        self._sessions: dict[str, Session] = {}
        self._shelf = Shelf()
        self._latest: dict[str, CaseResult] = {}
        self._results: dict[str, dict[str, CaseResult]] = {}
        self._evidence: dict[str, list[Evidence]] = {}
        self._diagnoses: dict[str, tuple[Diagnosis, ...]] = {}
        self._conventions: dict[str, Mapping[str, Convention]] = {}
        self._started, self._clock = now(), time.perf_counter()
        self.written: list[Path] = []

    def items(self) -> Iterator[tuple[str, str, str]]:
        """Every ``(column id, case id, output)`` that is due.

        Raises:
            SelectionError: no adapter was named; nothing tested is never a pass.
            ConformanceError: an adapter, its expectations or the golden files are broken.
        """
        if not self._selectors:
            raise SelectionError(
                "no adapter was named, one was wanted. Add --conformance-adapter NAME, such as "
                "--conformance-adapter textbook; conformance list adapters shows them."
            )
        for selector in self._selectors:
            self._columns |= {column.id: column for column in runner.columns(selector)}
        entries = golden.manifest().entries
        for column in self._columns.values():
            for case in tiers.select(self._tier):
                for output in ruler.due_names(entries[case].due, column.dialect):
                    yield column.id, case, output

    def examine(self, column_id: str, case_id: str) -> tuple[CaseResult, bool]:
        """The result of a case, and whether it was run just now.

        The outputs of a case follow each other, so only the latest result is kept at hand.
        """
        latest = self._latest.get(column_id)
        if latest is not None and latest.case == case_id:
            return latest, False
        column = self._columns[column_id]
        session = self._sessions.setdefault(
            column_id, Session(column.source, switches=column.switches)
        )
        result, seen = runner.examine(session, column, self._shelf.case(case_id))
        self._latest[column_id] = result
        self._evidence.setdefault(column_id, []).append(seen)
        return result, True

    def measure(self) -> None:
        """Find the conventions of the columns whose every case this process has run."""
        wanted = set(tiers.select(STANDARD)) if self._sessions else set()
        for column_id, session in self._sessions.items():
            if self._results.get(column_id, {}).keys() >= wanted:
                found = conventions.measure(session, self._columns[column_id])
                self._conventions[column_id] = found

    def diagnose(self) -> None:
        """Say what is wrong with the columns that this process has run."""
        for column_id, evidence in self._evidence.items():
            results = self._results.get(column_id, {}).values()
            found = runner.explain(self._columns[column_id], results, evidence)
            self._diagnoses[column_id] = found

    def add_result(self, column_id: str, result: Mapping[str, Any]) -> None:
        """Take a result that some process reported."""
        self.keep(column_id, decode_case(dict(result)))

    def keep(self, column_id: str, result: CaseResult) -> None:
        """Take a result for the record of its column."""
        self._results.setdefault(column_id, {})[result.case] = result

    def diagnoses(self) -> Iterator[str]:
        """What is wrong with each column, one line each."""
        for column_id, found in self._diagnoses.items():
            yield from (f"{column_id}: {diagnosis.sentence}" for diagnosis in found)

    def columns_as_json(self) -> list[dict[str, Any]]:
        """The columns and their diagnoses, for another process."""
        return [
            {
                "column": asdict(c),
                "diagnosis": [asdict(f) for f in self._diagnoses.get(c.id, ())],
                "conventions": measured.encode(self._conventions.get(c.id, {})),
            }
            for c in self._columns.values()
        ]

    def add_columns(self, columns: Iterable[Mapping[str, Any]]) -> None:
        """Undo `columns_as_json`."""
        for told in columns:
            said = told["column"]
            column = Column(
                **{
                    **said,
                    "dialect": Dialect(**said["dialect"]),
                    "known": tuple(_known(e) for e in said["known"]),
                }
            )
            self._columns[column.id] = column
            if told["diagnosis"]:
                found = tuple(diagnosed.decode(finding) for finding in told["diagnosis"])
                self._diagnoses[column.id] = found
            if told["conventions"]:
                self._conventions[column.id] = measured.decode(told["conventions"])

    def close(self) -> None:
        """End all workers."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def write(self, folder: Path, *, partial: str | None = None) -> None:
        """Write one record for every column that has results.

        Args:
            folder: Where the records go.
            partial: Why the run is not whole; None where it is.
        """
        seconds = time.perf_counter() - self._clock
        order = list(golden.manifest().entries) if self._results else []
        for column_id, results in self._results.items():
            if column_id not in self._columns:
                continue  # a worker of pytest-xdist ended before it could say what it ran
            cases = [results[case] for case in order if case in results]
            record = make_record(
                self._columns[column_id],
                cases,
                started=self._started,
                seconds=seconds,
                diagnosis=self._diagnoses.get(column_id, ()),
                partial=partial,
                conventions=self._conventions.get(column_id),
            )
            self.written.append(save(record, folder))


def _known(said: Mapping[str, Any]) -> KnownFailure:
    lists = {name: tuple(said[name]) for name in ("paths", "cases", "outputs")}
    return KnownFailure(**{**said, **lists})
