"""Writing golden files one case after the other: the bytes of `writing`, and one case in memory.

What stays in memory of a case that is written is its line of the index and its entry of the
manifest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import h5py  # type: ignore[import-untyped]  # h5py has no annotations

from conformance.case import Case
from conformance.cases.golden import index, storing
from conformance.cases.golden.listing import (
    INDEX,
    NAME,
    CaseEntry,
    GoldenFile,
    describe,
    render,
)
from conformance.cases.golden.vouched import facts_of
from conformance.errors import GoldenFileError


class Writer:
    """Golden files on their way into an empty folder, as `writing.write` would write them there.

    Whoever stops before `finish` leaves a folder without a manifest, which every reader refuses.

    Args:
        folder: Where to.
        explain: For every group that has cases what it is for, in a sentence.
        room: For every group how many bytes its file will have at most.
    """

    def __init__(self, folder: Path, explain: Mapping[str, str], room: Mapping[str, int]) -> None:
        """Nothing is written yet."""
        self._folder, self._explain, self._room = folder, explain, room
        self._entries: list[CaseEntry] = []
        self._lines: list[str] = []
        self._files: dict[str, GoldenFile] = {}
        self._group = ""
        self._open: h5py.File | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    def add(self, case: Case) -> None:
        """Write a case, whose id comes after that of the one before it.

        Raises:
            GoldenFileError: it contradicts itself, or comes too late.
        """
        storing.require(case)
        last = self._entries[-1].id if self._entries else ""
        if case.id <= last:
            raise GoldenFileError(f"case {case.id!r} came after {last!r}, a later id was wanted")
        if case.problem.group != self._group:
            self.close_group()
        offsets = storing.put(self._opened(case.problem.group).id, case)
        self._lines.append(index.line(case, offsets))
        self._entries.append(describe(case))

    def close_group(self) -> Path | None:
        """End the file of the last group, if one is open; gives the file."""
        if self._open is None:
            return None
        file, size = self._folder / f"{self._group}.h5", _size(self._open)
        self._open.close()
        self._open = None
        os.truncate(file, size)
        self._files[file.name] = facts_of(file, self._explain[self._group])
        return file

    def finish(self) -> None:
        """Write the index and the manifest.

        Raises:
            GoldenFileError: there is no case.
        """
        self.close_group()
        if not self._entries:
            raise GoldenFileError("no case was given, at least one was wanted. Give one.")
        (self._folder / INDEX).write_bytes(index.joined(self._lines))
        where = facts_of(self._folder / INDEX, index.ABOUT)
        (self._folder / NAME).write_bytes(render(self._files, where, self._entries))

    def _opened(self, group: str) -> h5py.File:
        if self._open is None:
            self._group, file = group, self._folder / f"{group}.h5"
            # Without a lock, which some file systems do not have: nobody else knows the file.
            self._open = h5py.File(file, "w", libver="earliest", locking=False)
            _reserve(file, self._room[group])
            storing.begin(self._open.id, self._explain[group])
        return self._open


def _reserve(file: Path, size: int) -> None:
    """Let the disk set so many bytes aside: HDF5 crashes where one is full.

    Raises:
        OSError: it has no room for them.
    """
    if hasattr(os, "posix_fallocate"):  # macOS and Windows have no such call
        with file.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(size, 1))


def _size(opened: h5py.File) -> int:
    """How many bytes of a file are HDF5's, whatever was set aside."""
    opened.flush()
    return int(opened.id.get_filesize())
