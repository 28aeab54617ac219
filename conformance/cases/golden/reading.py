"""Reading golden files: what the manifest vouches for, and nothing else.

A file is read once and its digest compared before HDF5 sees a byte; HDF5 then works on that
copy in memory.  The objects in it are still held to be foreign (`conformance.cases.golden.plain`),
and the case that comes out must have the digest that the manifest and the file both name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
from h5py import h5f, h5g

from conformance import documents
from conformance.case import Case
from conformance.cases.golden import content, plain
from conformance.cases.golden.listing import (
    REMEDY,
    CaseEntry,
    GoldenFile,
    Manifest,
    describe,
    home,
    manifest,
    near,
    select,
)
from conformance.errors import ConformanceError, GoldenFileError, SelectionError

LARGEST = 64 * 2**20
"""The most bytes that one golden file may have."""

_REQUIRED = {"x", "expected"}
_DAMAGE = (ConformanceError, OSError, KeyError, ValueError, TypeError, RuntimeError, MemoryError)
"""What h5py raises at damaged files, beside our own refusals."""


def load(case_ids: Iterable[str], folder: Path | None = None) -> Iterator[Case]:
    """Read cases, each verified by its digest; their arrays cannot be written to.

    Args:
        case_ids: Full ids, such as `select` gives; ids of one group in a row cost least.
        folder: Where the golden files lie; by default this installation's ``fixtures``.

    Returns:
        The cases in the order of `case_ids`, each read when it is asked for.

    Raises:
        SelectionError: there is no case of that id, or no id was given.
        GoldenFileError: a file is missing, damaged, foreign or not plain data; raised while
            iterating, when its first bad case is asked for.
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
    return _load(ids, place, known)


def load_matching(
    pattern: str | Iterable[str] | None = None, folder: Path | None = None
) -> Iterator[Case]:
    """Read the cases whose ids match, in the manifest's order; each verified by its digest.

    Args:
        pattern: As for `conformance.cases.golden.select`; None reads every case.
        folder: Where the golden files lie; by default this installation's ``fixtures``.

    Raises:
        SelectionError: a pattern matches nothing.
        GoldenFileError: as `load`.
    """
    return load(select(pattern, folder), folder)


def _load(ids: list[str], place: Path, known: Manifest) -> Iterator[Case]:
    entries = [known.entries[name] for name in ids]
    for group, members in groupby(entries, key=lambda entry: entry.group):
        file = place / f"{group}.h5"
        with _open(file, known.files[file.name], known.generator) as root:
            for entry in members:
                with _blamed(f"{file}, case {entry.id!r}"):
                    case = _case(root, entry)
                yield case


@contextmanager
def _open(file: Path, facts: GoldenFile, generator: str) -> Iterator[h5g.GroupID]:
    with _blamed(str(file)):
        image = _bytes(file, facts)
        opened = h5py.File(h5f.open_file_image(image))
    with opened:
        with _blamed(str(file)):
            _check_header(opened.id, facts, generator)
        yield opened.id


def _bytes(file: Path, facts: GoldenFile) -> bytes:
    if max(file.stat().st_size, facts.size) > LARGEST:
        raise GoldenFileError(f"it has {file.stat().st_size} bytes, at most {LARGEST} were wanted")
    image = documents.read_bytes(file, LARGEST)
    if len(image) != facts.size:
        raise GoldenFileError(f"it has {len(image)} bytes, the manifest wants {facts.size}")
    found = hashlib.sha256(image).hexdigest()
    if found != facts.sha256:
        raise GoldenFileError(f"its SHA-256 is {found}, the manifest wants {facts.sha256}")
    return image


def _check_header(root: h5g.GroupID, facts: GoldenFile, generator: str) -> None:
    wanted = {"schema": content.SCHEMA, "generator": generator, "about": facts.about}
    for name, value in wanted.items():
        found = plain.read_attribute(root, name, str)
        if found != value:
            raise GoldenFileError(f"its {name} is {found!r}, {value!r} was wanted")


def _case(root: h5g.GroupID, entry: CaseEntry) -> Case:
    group = plain.open_group(root, entry.id.split("/")[1])
    held = plain.members(group)
    if not _REQUIRED <= held <= {"expected", *content.INPUTS}:
        raise GoldenFileError(
            f"it holds {sorted(held)}, 'expected', 'x' and inputs that are given were wanted"
        )
    expected = plain.open_group(group, "expected")
    due = plain.members(expected)
    if due != set(entry.due):
        raise GoldenFileError(f"outputs {sorted(due)} are due, {sorted(entry.due)} were wanted")
    arrays = {name: plain.read_dataset(group, name) for name in sorted(held - {"expected"})}
    arrays |= {f"expected/{name}": plain.read_dataset(expected, name) for name in sorted(due)}
    said = {
        name: plain.read_attribute(group, name, kind) for name, kind in content.ATTRIBUTES.items()
    }
    case = content.build(entry.id, said, arrays)
    _verify(case, entry, str(plain.read_attribute(group, "sha256", str)))
    return case


def _verify(case: Case, entry: CaseEntry, stored: str) -> None:
    content.require(case)
    found = describe(case)
    if found.digest != stored:
        raise GoldenFileError(f"its content has digest {found.digest}, it says {stored} itself")
    for name, value in asdict(found).items():
        if value != getattr(entry, name):
            raise GoldenFileError(
                f"its {name} is {value!r}, the manifest wants {getattr(entry, name)!r}"
            )


@contextmanager
def _blamed(what: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        said = str(error) if isinstance(error, ConformanceError) else f"HDF5 says {error!r}"
        raise GoldenFileError(f"{what}: {said}. {REMEDY}") from error
