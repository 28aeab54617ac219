"""What the manifest vouches for: the bytes of a file, and the case that is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from conformance import documents
from conformance.case import Case
from conformance.cases.golden import content
from conformance.cases.golden.listing import (
    REMEDY,
    CaseEntry,
    GoldenFile,
    Manifest,
    describe,
    home,
    manifest,
    near,
)
from conformance.errors import ConformanceError, GoldenFileError, SelectionError

LARGEST = 64 * 2**20
"""The most bytes that one file may have."""

_DAMAGE = (
    *(ConformanceError, OSError, LookupError, ValueError, TypeError, AttributeError),
    *(ArithmeticError, RuntimeError, MemoryError),
)
"""What numpy, json and h5py raise at damaged files, beside our own refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Cases that were asked for.

    Attributes:
        folder: Where the golden files lie.
        manifest: What is known of them.
        entries: The cases, in the order in which they were asked for.
    """

    folder: Path
    manifest: Manifest
    entries: tuple[CaseEntry, ...]


def wanted(case_ids: Iterable[str], folder: Path | None) -> Wanted:
    """The entries of cases.

    Raises:
        SelectionError: there is no case of that id, or no id was given.
        GoldenFileError: the manifest is missing or damaged.
    """
    place = home(folder)
    known = manifest(place)
    ids = [case_ids] if isinstance(case_ids, str) else list(case_ids)
    strange = [name for name in ids if name not in known.entries]
    if strange or not ids:
        raise SelectionError(
            f"there is no case {strange[0]!r}. {near(strange[0], known.entries)}"
            if strange
            else "no case id was given, at least one was wanted. Take ids from select()."
        )
    entries = tuple(known.entries[name] for name in ids)
    return Wanted(folder=place, manifest=known, entries=entries)


def read(file: Path, facts: GoldenFile) -> bytes:
    """The bytes of a file.

    Raises:
        ConformanceError, OSError, ValueError: they are not those that the manifest knows.
    """
    if max(file.stat().st_size, facts.size) > LARGEST:
        raise GoldenFileError(f"it has {file.stat().st_size} bytes, at most {LARGEST} were wanted")
    image = documents.read_bytes(file, LARGEST)
    if len(image) != facts.size:
        raise GoldenFileError(f"it has {len(image)} bytes, the manifest wants {facts.size}")
    found = hashlib.sha256(image).hexdigest()
    if found != facts.sha256:
        raise GoldenFileError(f"its SHA-256 is {found}, the manifest wants {facts.sha256}")
    return image


def verify(case: Case, entry: CaseEntry) -> None:
    """Refuse a case that contradicts itself, or that is not the one of an entry.

    Raises:
        GoldenFileError: the message says what was found.
    """
    content.require(case)
    found = describe(case)
    if found == entry:
        return
    for name, value in asdict(found).items():
        if value != getattr(entry, name):
            raise GoldenFileError(
                f"its {name} is {value!r}, the manifest wants {getattr(entry, name)!r}"
            )


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Tell whatever damage brings about as a `GoldenFileError` that names what is damaged."""
    try:
        yield
    except _DAMAGE as error:
        said = str(error) if isinstance(error, ConformanceError) else f"reading gave {error!r}"
        raise GoldenFileError(f"{what}: {said}. {REMEDY}") from error
