"""From the names of files and folders to run records that can stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from conformance.errors import RecordError
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, version
from conformance.verdict.record_file import read, record_files

GRADES = frozenset({None, "A", "B", "C", "F"})


def collect(places: Iterable[Path]) -> list[RunRecord]:
    """Read the run records at `places`: files, or folders that are searched for ``*.json``.

    Raises:
        RecordError: a place is missing, a folder holds no record, a file is not a run record
            or holds no case or one twice, or two records would be the same column.
    """
    files: dict[Path, Path] = {}
    for place in places:
        for file in record_files(place):
            files.setdefault(file.resolve(), file)
    records = {file: _checked(read(file), file) for file in files.values()}
    if not records:
        raise RecordError(
            "no run record was given, at least one was wanted. "
            "Name the files or folders that conformance run wrote."
        )
    _refuse_duplicates(records)
    return list(records.values())


def _refuse_duplicates(records: dict[Path, RunRecord]) -> None:
    seen: dict[tuple[str, str, str, str], Path] = {}
    for file, record in records.items():
        key = (record.adapter, record.path, version(record), record.device)
        if key in seen:
            raise RecordError(
                f"{record.adapter}/{record.path} {version(record)} on {record.device} is in "
                f"{seen[key]} and in {file}, one record per path, version and device was "
                f"wanted. Remove the one that is out of date."
            )
        seen[key] = file


def _checked(record: RunRecord, file: Path) -> RunRecord:
    fault = next(_faults(record), None)
    if fault is not None:
        raise RecordError(f"{file} has {fault}. Write it again with: conformance run")
    return record


def _faults(record: RunRecord) -> Iterator[str]:  # what would mislead or stop a report
    if not record.cases:
        yield "no case, at least one was wanted (a run of nothing is not a pass)"
    if not isinstance(record.partial, str | None):
        yield f"partial = {record.partial!r}, text or null was wanted"
    if not isinstance(record.versions, dict):
        yield f"versions = {record.versions!r}, names and versions were wanted"
    seen: set[str] = set()
    texts = ("adapter", "path", "about", "device", "started")
    yield from _not_text(record, texts)
    for case in record.cases:
        yield from _not_text(case, ("case", "group", "mode", "layout", "dtype", "repro"))
        if case.case in seen:
            yield f"case {case.case!r} twice, one result per case was wanted"
        seen.add(case.case)
        for name, output in case.outputs.items():
            yield from (f"{case.case} {name}: {fault}" for fault in _output_faults(output))


def _not_text(holder: RunRecord | CaseResult, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = getattr(holder, name)
        if not isinstance(value, str):
            yield f"{name} = {value!r}, text was wanted"


def _output_faults(output: OutputResult) -> Iterator[str]:
    if not isinstance(output.grade, str | None) or output.grade not in GRADES:
        yield f"grade = {output.grade!r}, A, B, C, F or null was wanted"
    if not isinstance(output.reason, str | None):
        yield f"reason = {output.reason!r}, text or null was wanted"
    if output.units is not None and not isinstance(output.units, int | float):
        yield f"units = {output.units!r}, a number or null was wanted"
