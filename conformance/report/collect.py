"""From the names of files and folders to run records that can stand side by side.

A record that cannot be used costs itself alone: it is set aside with the reason, and shown as a
column that did not report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import RecordError
from conformance.printable import cut, value
from conformance.verdict.record import RunRecord, version
from conformance.verdict.record_file import read, record_files

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A record that cannot be used.

    Attributes:
        name: What it is called: its file, from the folder on that was named.
        why: Why not, with what was found, what was wanted and what to do.
    """

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found at some places.

    Attributes:
        records: What can be used.
        aside: What cannot.
    """

    records: tuple[RunRecord, ...]
    aside: tuple[SetAside, ...] = ()


def column_of(record: RunRecord) -> str:
    """The column of a matrix that a record is: a path at a version on a device."""
    return f"{record.adapter}/{record.path} {version(record)} on {record.device}"


def collect(
    places: Iterable[Path],
    *,
    whole: bool = False,
    column: Callable[[RunRecord], str] = column_of,
    keep: Callable[[RunRecord], RunRecord] = lambda record: record,
) -> Gathered:
    """Read the run records at `places`; at least one must be of use.

    Args:
        places: Files, and folders that are searched for ``*.json``.
        whole: Set aside the record of a run that was stopped.
        column: What a record is a column of; of two that are the same one is set aside.
        keep: What is kept of each record, before the next is read.

    Raises:
        RecordError: a place is missing, a folder holds no record, or none of all can be used.
    """
    found = search(places, whole=whole, column=column, keep=keep)
    if not found.records:
        raise _nothing(found.aside)
    return found


def search(
    places: Iterable[Path],
    *,
    whole: bool = False,
    column: Callable[[RunRecord], str] = column_of,
    keep: Callable[[RunRecord], RunRecord] = lambda record: record,
) -> Gathered:
    """The same where nothing of use may be there.

    Raises:
        RecordError: a place is missing, or a folder holds no record.
    """
    records: dict[str, tuple[RunRecord, Path]] = {}
    aside: list[SetAside] = []
    for name, file in _files(places):
        try:
            record = read(file, whole=whole)
            key = column(record)
            if key in records:
                raise _twice(key, file, records[key][1])
        except RecordError as error:
            aside.append(SetAside(name=name, why=str(error)))
            continue
        records[key] = (keep(record), file)
    return Gathered(records=tuple(record for record, _ in records.values()), aside=tuple(aside))


def _files(places: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Every file once, in the order of the places, with what it is called."""
    seen: set[Path] = set()
    for place in places:
        for file in record_files(place):
            try:
                known = file.resolve()
            except (OSError, RuntimeError):  # a loop of links, which reading it tells
                known = file
            if known not in seen:
                seen.add(known)
                name = file.relative_to(place) if file != place else Path(file.name)
                yield _plain(name.as_posix()), file


def _plain(name: str) -> str:
    """A name as it is, or in quotes where it could be taken for a sentence."""
    return name if re.fullmatch(r"[\w./+=@-]{1,200}", name) else value(name)


def _twice(column: str, file: Path, other: Path) -> RecordError:
    return RecordError(
        f"{column} is in {cut(str(other), 400)} and in {cut(str(file), 400)}, one record of each "
        "column was wanted. Remove the one that is out of date, or read them apart."
    )


def _nothing(aside: Sequence[SetAside]) -> RecordError:
    if not aside:
        return RecordError(
            "no run record was given, at least one was wanted. "
            "Name the files or folders that conformance run wrote."
        )
    if len(aside) == 1:
        return RecordError(aside[0].why)
    more = f" And {len(aside) - _NAMED} more." if len(aside) > _NAMED else ""
    said = " ".join(each.why for each in aside[:_NAMED])
    return RecordError(f"none of {len(aside)} files is a run record that can be used. {said}{more}")
