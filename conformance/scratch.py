"""Temporary files and folders of our own, which the next start clears away if we are killed.

Each is held by a lock that ends with its process, however that one ends, and has a name that
nothing else has.  Whoever makes another one in the same folder removes those that nobody holds:
the lock tells the dead from the living also where two containers share a folder and count their
processes apart.  Where a file system or a system has no such locks nothing is removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked for before it is used

_OURS = re.compile(r"\.conformance-\d+-[0-9a-f]{16}")
_swept: set[str] = set()


@contextlib.contextmanager
def file(folder: Path, mode: int = 0o666) -> Iterator[tuple[int, Path]]:
    """A new file in `folder`, its descriptor and its name; removed at the end if it is there still.

    Args:
        folder: Where it is made, which exists.
        mode: Its permissions as far as the umask lets them; its owner may read and write it.
    """
    sweep(folder)
    while True:
        path = _new(folder)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, mode | 0o600)
        _lock(handle)
        if os.fstat(handle).st_nlink or fcntl is None:
            break
        os.close(handle)  # it was cleared away before it was locked
    try:
        yield handle, path
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


@contextlib.contextmanager
def folder(place: Path | None = None) -> Iterator[Path]:
    """A new folder for us alone in `place`, else where temporary files go; removed at the end."""
    place = Path(tempfile.gettempdir()) if place is None else place
    sweep(place)
    path = _new(place)
    path.mkdir(mode=0o700)
    handle = _opened(path)
    try:
        if handle is not None:
            _lock(handle)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def sweep(place: Path) -> None:
    """Remove what killed processes of this user left in a folder, once in the life of a process."""
    if fcntl is None or str(place) in _swept:
        return
    _swept.add(str(place))
    with contextlib.suppress(OSError):  # a folder that is not there yet, or may not be read
        with os.scandir(place) as entries:
            found = [entry.path for entry in entries if _OURS.fullmatch(entry.name)]
        for path in found:
            with contextlib.suppress(OSError):  # held, gone meanwhile, or another's
                _remove_if_left(Path(path))


def _remove_if_left(path: Path) -> None:
    handle = _opened(path)
    if handle is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        facts = os.fstat(handle)
        if facts.st_uid != os.geteuid() or not os.path.samestat(facts, path.lstat()):
            return
        if stat.S_ISDIR(facts.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(facts.st_mode):
            path.unlink()
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    """A descriptor to lock a file or folder by; no link is followed, and no pipe waited for."""
    if fcntl is None:
        return None
    flags = os.O_NOFOLLOW | os.O_NONBLOCK
    if stat.S_ISREG(path.lstat().st_mode):
        return os.open(path, os.O_RDWR | flags)
    return os.open(path, os.O_RDONLY | flags)


def _lock(handle: int) -> None:
    if fcntl is not None:
        with contextlib.suppress(OSError):  # a file system without locks: nothing is swept there
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _new(folder: Path) -> Path:
    return folder / f".conformance-{os.getpid()}-{secrets.token_hex(8)}"


_BINARY = getattr(os, "O_BINARY", 0)
