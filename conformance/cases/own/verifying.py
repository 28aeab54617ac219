"""Verifying golden files that are not the catalogue's: from what they say of their inputs alone.

Nobody knows which cases such a folder should have.  The inputs that it stores are solved anew, its
values are proven, and the files are held byte for byte against those that would be written now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from conformance import documents, oracle, scratch
from conformance.case import Case
from conformance.cases.golden import bounds_audit, load, manifest
from conformance.cases.golden.audit import BESIDE, changed
from conformance.cases.golden.bounds import Told
from conformance.cases.golden.listing import INDEX, NAME, Manifest
from conformance.cases.golden.streaming import Writer
from conformance.cases.own.answers import told
from conformance.errors import ConformanceError, GoldenFileError
from conformance.oracle.proof import prove

_PIECE = 1 << 20


@dataclass(slots=True)
class Verified:
    """What became of the cases of a folder.

    Attributes:
        cases: How many could be read.
        proven: How many stored values are proven.
        wrong: A line for each difference and each value that is not proven.
    """

    cases: int = 0
    proven: int = 0
    wrong: list[str] = field(default_factory=list)


def verify(folder: Path, *, tell: Told) -> Verified:
    """Hold golden files against what their own inputs make; nothing in the folder is changed.

    Args:
        folder: Where they lie.
        tell: Told of the progress: how many cases are done, of how many, and which is next.

    Raises:
        GoldenFileError: the manifest is missing or damaged.
    """
    known, found = manifest(folder), Verified()
    explain = {name.removesuffix(".h5"): file.about for name, file in known.files.items()}
    room = {name.removesuffix(".h5"): file.size for name, file in known.files.items()}
    with scratch.folder() as anew, Writer(anew, explain, room) as writer:
        whole = True
        for group, entries in groupby(known.entries.values(), key=lambda entry: entry.group):
            ids = [entry.id for entry in entries]
            whole &= _group(group, _telling(ids, folder, known, tell), writer, found, folder)
        if whole:
            writer.finish()
            for name in (INDEX, NAME):
                found.wrong += _different(folder / name, anew / name)
            found.wrong += [] if found.wrong else bounds_audit.differences(folder)
    found.wrong += _strays(folder, known)
    return found


def _telling(ids: list[str], folder: Path, known: Manifest, tell: Told) -> Iterator[Case]:
    order = {name: place for place, name in enumerate(known.entries)}
    cases = load(ids, folder)
    for name in ids:
        tell(order[name], len(order), name)
        yield next(cases)


def _group(
    group: str, cases: Iterator[Case], writer: Writer, found: Verified, folder: Path
) -> bool:
    """Verify a file; whether all of its cases could be read and written anew."""
    try:
        for case in cases:
            found.cases += 1
            writer.add(_solved(case, found))
    except GoldenFileError as error:
        found.wrong.append(str(error))
        writer.close_group()
        return False
    file = writer.close_group()
    if file is None:
        return False
    found.wrong += _different(folder / f"{group}.h5", file)
    file.unlink()  # one file at a time: there may be less room here than there
    return True


def _solved(stored: Case, found: Verified) -> Case:
    """The case solved anew; what differs or is not proven is told."""
    try:
        proof = prove(stored)
        solved = oracle.solve(stored.problem)
    except ConformanceError as error:
        raise GoldenFileError(f"{stored.id}: its inputs have no answer: {error}") from error
    found.proven += proof.proven
    found.wrong += [*changed(stored, solved), *told(proof)]
    return solved


def _different(file: Path, wanted: Path) -> list[str]:
    """A line that says where a file is not as it was written anew; none if it is."""
    try:
        with documents.opened(file) as one, wanted.open("rb") as other:
            at = 0
            while True:
                here, there = one.read(_PIECE), other.read(_PIECE)
                if here != there:
                    pairs = enumerate(zip(here, there, strict=False))
                    first = next((n for n, (a, b) in pairs if a != b), min(len(here), len(there)))
                    return [f"{file.name}: differs from what was written anew at byte {at + first}"]
                if not here:
                    return []
                at += len(here)
    except (OSError, ValueError) as error:
        return [f"{file.name}: cannot be read: {error}"]


def _strays(folder: Path, known: Manifest) -> list[str]:
    strays = {path.name for path in folder.iterdir()} - {*BESIDE, *known.files, INDEX, NAME}
    return [
        f"{name}: the file is extra; golden files have one per group, and a manifest"
        for name in sorted(strays)
    ]
