"""Bounds beside golden files, for who judges without this package: how far off one may be.

``bounds/dense.h5`` has a group for each case of ``dense.h5``, with `unit/NAME` and `loss/NAME` for
each expected output (`conformance.oracle.stated`), and the attributes `limit`, `edges` and the
case's own `sha256`.  ``bounds/MANIFEST.json`` has the digest of every file and of the catalogue.

They are derived from the golden files and from nothing else, so this package reads none of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Self

import h5py  # type: ignore[import-untyped]  # h5py has no annotations

from conformance import atomic, scratch
from conformance.case import Case
from conformance.cases.golden import content, storing
from conformance.cases.golden.listing import NAME, GoldenFile, Manifest, manifest
from conformance.cases.golden.reading import load
from conformance.cases.golden.vouched import facts_of
from conformance.oracle.edges import Edges
from conformance.oracle.stated import stated

FOLDER = "bounds"
"""Where they lie, beside the golden files."""

SCHEMA = "conformance/bounds/1"

Told = Callable[[int, int, str], None]
"""Called with how many cases are done, of how many, and the id of the next one."""


def write(folder: Path, *, tell: Told = lambda *_: None) -> None:
    """Write the bounds of golden files in place of those that are there, all or none.

    Args:
        folder: The golden files.
        tell: Told of the progress.

    Raises:
        GoldenFileError: a golden file is missing or damaged.
    """
    with scratch.folder(folder) as work:
        new = work / FOLDER
        fill(new, folder, tell)
        atomic.put_folder(new, folder / FOLDER)


class Writer:
    """Bounds on their way into a new folder, one case after the other.

    Args:
        new: Where to; made here.
        explain: For every group that has cases what it is for, in a sentence.
    """

    def __init__(self, new: Path, explain: Mapping[str, str]) -> None:
        """Nothing is written yet."""
        new.mkdir()
        self._new, self._explain = new, explain
        self._files: dict[str, GoldenFile] = {}
        self._group = ""
        self._open: h5py.File | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    def add(self, case: Case) -> None:
        """Write the bounds of a case; cases of one group come in a row."""
        if case.problem.group != self._group:
            self._end()
            self._group = case.problem.group
            file = self._new / f"{self._group}.h5"
            self._open = h5py.File(file, "w", libver="earliest", locking=False)
            storing.begin(self._open.id, self._explain[self._group], schema=SCHEMA)
        _put(self._open, case)

    def finish(self, catalogue: str) -> None:
        """Write the manifest; `catalogue` is the digest of the golden files."""
        self._end()
        said = {
            "schema": SCHEMA,
            "generator": content.GENERATOR,
            "catalogue": catalogue,
            "files": {name: asdict(file) for name, file in self._files.items()},
        }
        text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False)
        (self._new / NAME).write_bytes(text.encode() + b"\n")

    def _end(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
            file = self._new / f"{self._group}.h5"
            self._files[file.name] = facts_of(file, self._explain[self._group])


def fill(new: Path, folder: Path, tell: Told) -> None:
    """Write the bounds of the golden files of `folder` into the new folder `new`."""
    known = manifest(folder)
    explain = {name.removesuffix(".h5"): file.about for name, file in known.files.items()}
    with Writer(new, explain) as writer:
        for _, entries in groupby(known.entries.values(), key=lambda entry: entry.group):
            for case in _telling([entry.id for entry in entries], folder, known, tell):
                writer.add(case)
        writer.finish(known.digest)


def _telling(ids: list[str], folder: Path, known: Manifest, tell: Told) -> Iterator[Case]:
    order = {name: place for place, name in enumerate(known.entries)}
    for name, case in zip(ids, load(ids, folder), strict=True):
        tell(order[name], len(order), name)
        yield case


def _put(file: h5py.File, case: Case) -> None:
    group = storing.group(file.id, case.id)
    edges = Edges(case.inputs, case.expected).posed
    said: dict[str, content.Attribute] = {
        "edges": ",".join(edges),
        "limit": float(case.problem.limit),
        "sha256": content.digest(case),
    }
    for name, text in said.items():
        storing.put_attribute(group, name, text)
    held = stated(case)
    for part in sorted({name.split("/")[0] for name in held}):
        storing.group(group, part)
    for name in sorted(held):
        storing.put_dataset(group, name, held[name])
