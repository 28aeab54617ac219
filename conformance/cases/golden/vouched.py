"""What the manifest vouches for: the bytes of a file, and the case that is made of them."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from conformance import documents
from conformance.case import Array, Case
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
"""The most bytes of a file that are held at once; what has more is read where it lies."""

_PIECE = 1 << 20
_ENDLESS = 1 << 62

_DAMAGE = (
    *(ConformanceError, OSError, LookupError, ValueError, TypeError, AttributeError),
    *(ArithmeticError, RuntimeError, MemoryError, EOFError, struct.error, zipfile.BadZipFile),
)
"""What numpy, json, h5py and zipfile raise at damaged files, beside our own refusals."""


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
    found = documents.read_bytes(file, LARGEST)
    _require((len(found), hashlib.sha256(found).hexdigest()), facts)
    return found


class Image:
    """The bytes of a golden file, in memory or where they lie; to be closed as files are.

    What lies in a file may be changed after it was compared.  It is not believed for that: each
    case that is made of it has a digest.

    Attributes:
        size: How many bytes there are.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        """Take the bytes of an open stream."""
        self.size, self._stream = size, stream

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def fill(self, array: Array, start: int) -> None:
        """Put the bytes from `start` on into a new array, as they are.

        Raises:
            ValueError: there are fewer.
        """
        if not array.size:
            return
        self._stream.seek(start)
        into = array.view(np.uint8).reshape(-1).data
        found = self._stream.readinto(into)  # type: ignore[attr-defined]  # a BinaryIO has it
        if found != array.nbytes:
            raise ValueError(f"the file ends after {start + found:,} bytes, it was longer")


def image(file: Path, facts: GoldenFile) -> Image:
    """The bytes of a file, which are those that the manifest knows.

    Raises:
        ConformanceError, OSError, ValueError: they are not.
    """
    if facts.size <= LARGEST:
        return Image(io.BytesIO(read(file, facts)), facts.size)
    stream = documents.opened(file)
    try:
        _require(digest_of(stream, facts.size), facts)
    except BaseException:
        stream.close()
        raise
    return Image(stream, facts.size)


def digest_of(stream: BinaryIO, most: int) -> tuple[int, str]:
    """How many bytes a stream has, and their SHA-256 in hex; no more than `most` and one are read.

    They are read piece by piece, so that none are held.
    """
    found, size = hashlib.sha256(), 0
    while size <= most and (piece := stream.read(min(_PIECE, most + 1 - size))):
        found.update(piece)
        size += len(piece)
    return size, found.hexdigest()


def facts_of(file: Path, about: str) -> GoldenFile:
    """What a manifest says of a file; it may have any size."""
    with file.open("rb") as stream:
        size, sha256 = digest_of(stream, _ENDLESS)
    return GoldenFile(about=about, size=size, sha256=sha256)


def _require(found: tuple[int, str], facts: GoldenFile) -> None:
    if found[0] != facts.size:
        raise GoldenFileError(f"it has {found[0]} bytes, the manifest wants {facts.size}")
    if found[1] != facts.sha256:
        raise GoldenFileError(f"its SHA-256 is {found[1]}, the manifest wants {facts.sha256}")


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
def blamed(
    what: str, *, kind: type[ConformanceError] = GoldenFileError, remedy: str = REMEDY
) -> Iterator[None]:
    """Tell whatever damage brings about as one error that names what is damaged.

    Args:
        what: It.
        kind: The error.
        remedy: What to do, in a sentence.
    """
    try:
        yield
    except _DAMAGE as error:
        said = str(error) if isinstance(error, ConformanceError) else f"reading gave {error!r}"
        raise kind(f"{what}: {said.removesuffix('.')}. {remedy}") from error
