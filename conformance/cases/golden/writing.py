"""Writing golden files: a pure function from cases to bytes, and a careful replacement.

The bytes depend on nothing but the cases: no time, no name, no library version that was
tried (h5py 3.11 to 3.16, HDF5 1.14 and 2.0).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations

from conformance import scratch
from conformance.case import Case
from conformance.cases.golden import index, storing
from conformance.cases.golden.listing import INDEX, NAME, GoldenFile, describe, render
from conformance.errors import GoldenFileError


def write(cases: Sequence[Case], folder: Path, *, explain: Mapping[str, str]) -> None:
    """Write `cases` as the golden files of `folder`, in place of those that are there.

    Nothing is touched before every byte has been made.  An exception, Ctrl-C included, puts
    the old files back; what a killed process leaves is refused by every reader, because the
    manifest is replaced last.  Files that are no golden files, such as the README, stay.

    Args:
        cases: All cases; at least one, ids unique.
        folder: Where to write; made if it does not exist.
        explain: For every group its family's purpose, in a sentence; no other group.

    Raises:
        GoldenFileError: a case contradicts itself, an id occurs twice, or `explain` does not
            match the groups.
    """
    contents = compose(cases, explain=explain)
    folder.mkdir(parents=True, exist_ok=True)
    # Inside the folder: a rename is whole only within one file system.
    with scratch.folder(folder) as beside:
        new, old = beside / "new", beside / "old"
        new.mkdir()
        old.mkdir()
        for name, data in contents.items():
            (new / name).write_bytes(data)
        _replace(folder, new, old, contents)


def compose(cases: Sequence[Case], *, explain: Mapping[str, str]) -> dict[str, bytes]:
    """File names to bytes of what `write` would write: files, index, and the manifest last.

    Raises:
        GoldenFileError: as `write`.
    """
    ordered = sorted(cases, key=lambda case: case.id)
    _require_sound(ordered, explain)
    images: dict[str, bytes] = {}
    offsets: dict[str, dict[str, int]] = {}
    for group, members in groupby(ordered, key=lambda case: case.problem.group):
        images[f"{group}.h5"], found = _image(list(members), explain[group])
        offsets |= found
    where = index.render(ordered, offsets)
    files = {name: _facts(explain[name.removesuffix(".h5")], data) for name, data in images.items()}
    known = render(files, _facts(index.ABOUT, where), map(describe, ordered))
    return {**images, INDEX: where, NAME: known}


def _facts(about: str, data: bytes) -> GoldenFile:
    return GoldenFile(about=about, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _require_sound(ordered: Sequence[Case], explain: Mapping[str, str]) -> None:
    for case in ordered:
        storing.require(case)
    ids = [case.id for case in ordered]
    twice = sorted({one for one, other in pairwise(ids) if one == other})
    if twice or not ids:
        raise GoldenFileError(
            f"{twice or 'nothing'} was given, ids that occur once were wanted. "
            "Give every case an id of its own."
        )
    groups = {case.problem.group for case in ordered}
    if groups != set(explain):
        raise GoldenFileError(
            f"groups {sorted(groups ^ set(explain))} are used or explained, but not both. "
            "Explain every group that has cases, and no other."
        )


def _image(cases: Iterable[Case], about: str) -> tuple[bytes, dict[str, dict[str, int]]]:
    """The bytes of a file, and for every case in it where its datasets begin."""
    with h5py.File("golden", "w", driver="core", backing_store=False, libver="earliest") as file:
        storing.begin(file.id, about)
        offsets = {case.id: storing.put(file.id, case) for case in cases}
        file.flush()
        return file.id.get_file_image(), offsets


def _replace(folder: Path, new: Path, old: Path, names: Iterable[str]) -> None:
    before = [*folder.glob("*.h5"), *folder.glob(INDEX), *folder.glob(NAME)]
    for file in before:
        shutil.copy2(file, old / file.name)
    try:
        for name in names:
            (new / name).replace(folder / name)
        for file in before:
            if file.name not in names:
                file.unlink()
    except BaseException:
        for name in {*names} - {file.name for file in before}:
            (folder / name).unlink(missing_ok=True)
        for file in before:
            (old / file.name).replace(file)
        raise
