"""Holding golden files against the cases that they should hold: every difference, named.

Cases are read through HDF5, as strangers do; the index by which the suite reads them is held
against one that was written anew, byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from conformance import documents
from conformance.case import Case
from conformance.cases.golden import bounds, content
from conformance.cases.golden.hdf5 import load
from conformance.cases.golden.listing import manifest
from conformance.cases.golden.vouched import LARGEST
from conformance.cases.golden.writing import compose
from conformance.cases.tier_names import DEPLOYED
from conformance.errors import GoldenFileError

BESIDE = frozenset({"README.md", bounds.FOLDER, DEPLOYED, "CAPTURE.json", "FRAMEWORK.npz"})
"""What lies in the folder and is no golden file; the last two lie beside captured ones."""


def readable(folder: Path) -> tuple[list[Case], list[str]]:
    """The cases that can be read, and why each file that is refused is refused.

    Raises:
        GoldenFileError: the manifest itself is missing or damaged.
    """
    cases: list[Case] = []
    refusals: list[str] = []
    for _, entries in groupby(manifest(folder).entries.values(), key=lambda entry: entry.group):
        try:
            cases.extend(load([entry.id for entry in entries], folder))
        except GoldenFileError as error:
            refusals.append(str(error))
    return cases, refusals


def compare(
    cases: Sequence[Case], stored: Sequence[Case], folder: Path, *, explain: Mapping[str, str]
) -> list[str]:
    """Where `stored` and the files of `folder` differ from what `cases` would be written as.

    Args:
        cases: All cases, solved anew.
        stored: The cases that `readable` could read.
        folder: The folder that they were read from; not changed.
        explain: The purpose of every group, as for `conformance.cases.golden.write`.

    Returns:
        One line per difference: of cases first, then of the bytes of files.
    """
    solved = {case.id: case for case in cases}
    held = {case.id: case for case in stored}
    listed = manifest(folder).entries.keys()  # a case in a refused file is not missing
    lines = [
        *(f"{name}: missing, the catalogue has it" for name in sorted(solved.keys() - listed)),
        *(
            f"{name}: extra, the catalogue does not have it"
            for name in sorted(listed - solved.keys())
        ),
    ]
    for name in sorted(solved.keys() & held):
        lines += changed(held[name], solved[name])
    return [*lines, *_files(compose(cases, explain=explain), folder)]


def changed(stored: Case, solved: Case) -> list[str]:
    """A line that names what of a stored case is not as it was solved anew; none if all is."""
    parts = list(_parts(stored, solved))
    told = f"{stored.id}: {', '.join(parts)} differ from what was solved anew"
    return [told] if parts else []


def _parts(stored: Case, solved: Case) -> Iterator[str]:
    said, wanted = content.attributes(stored), content.attributes(solved)
    yield from (
        name for name in wanted if content.encode(said[name]) != content.encode(wanted[name])
    )
    held, due = content.arrays(stored), content.arrays(solved)
    for name in sorted(held.keys() | due):
        one, other = held.get(name), due.get(name)
        same = (
            one is not None
            and other is not None
            and (one.dtype, one.shape) == (other.dtype, other.shape)
            and one.tobytes() == other.tobytes()
        )
        if not same:
            yield name


def _files(wanted: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    found = {path.name for path in folder.iterdir()} - BESIDE
    for name in sorted(wanted.keys() - found):
        yield f"{name}: the file is missing"
    for name in sorted(found - wanted.keys()):
        yield f"{name}: the file is extra; golden files have one per group, and a manifest"
    for name in sorted(found & wanted.keys()):
        difference = _bytes(folder / name, wanted[name])
        if difference:
            yield f"{name}: {difference}"


def _bytes(file: Path, wanted: bytes) -> str:
    size = file.stat().st_size
    if size != len(wanted) or size > LARGEST:
        return f"has {size} bytes, {len(wanted)} were written anew"
    try:
        found = documents.read_bytes(file, LARGEST)
    except ValueError as error:
        return f"cannot be read: {error}"
    if found == wanted:
        return ""
    places = [at for at, (one, other) in enumerate(zip(found, wanted, strict=True)) if one != other]
    return f"{len(places)} bytes differ from those written anew, first at offset {places[0]}"
