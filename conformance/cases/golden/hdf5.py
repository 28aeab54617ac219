"""Reading golden files through HDF5, as whoever has nothing of this project does.

That is how ``generate --verify`` looks at them.  A file is read once and its digest compared before
HDF5 sees a byte; HDF5 then works on that copy in memory.  The objects in it are still held to be
foreign (`conformance.cases.golden.plain`), and the case that comes out must have the digest that
the manifest and the file both name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
from h5py import h5a, h5f, h5g

from conformance.case import Case
from conformance.cases.golden import content, plain, vouched
from conformance.cases.golden.listing import CaseEntry, GoldenFile
from conformance.cases.golden.vouched import Wanted, blamed
from conformance.errors import GoldenFileError

_REQUIRED = {"x", "expected"}


def load(case_ids: Iterable[str], folder: Path | None = None) -> Iterator[Case]:
    """As `conformance.cases.golden.load`, from what HDF5 finds and not by the index.

    Raises:
        SelectionError, GoldenFileError: as there; nor may an object be anything but plain data.
    """
    return _load(vouched.wanted(case_ids, folder))


def _load(asked: Wanted) -> Iterator[Case]:
    known = asked.manifest
    for group, members in groupby(asked.entries, key=lambda entry: entry.group):
        file = asked.folder / f"{group}.h5"
        with _open(file, known.files[file.name], known.generator) as root:
            for entry in members:
                with blamed(f"{file}, case {entry.id!r}"):
                    case = _case(root, entry)
                yield case


@contextmanager
def _open(file: Path, facts: GoldenFile, generator: str) -> Iterator[h5g.GroupID]:
    with blamed(str(file)):
        image = vouched.read(file, facts)
        opened = h5py.File(h5f.open_file_image(image))
    with opened:
        with blamed(str(file)):
            _check_header(opened.id, facts, generator)
        yield opened.id


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
    arrays |= {f"{content.DUE}{name}": plain.read_dataset(expected, name) for name in sorted(due)}
    kinds = dict(content.ATTRIBUTES)
    if h5a.exists(group, content.BLOCK.encode()):
        kinds[content.BLOCK] = str
    said = {name: plain.read_attribute(group, name, kind) for name, kind in kinds.items()}
    case = content.build(entry.id, said, arrays)
    _require_digest(case, str(plain.read_attribute(group, "sha256", str)))
    vouched.verify(case, entry)
    return case


def _require_digest(case: Case, stored: str) -> None:
    content.require(case)
    found = content.digest(case)
    if found != stored:
        raise GoldenFileError(f"its content has digest {found}, it says {stored} itself")
