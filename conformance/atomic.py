"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import shutil
import stat
from pathlib import Path
from typing import IO

from conformance import scratch
from conformance.errors import OutputError


def write_atomically(
    file: Path, content: str | bytes | IO[bytes], *, through_links: bool = True
) -> None:
    """Write `content`, text as UTF-8, to `file`: a reader sees the old file or the new one.

    A file that is there keeps its permissions; a new one gets those of an ordinary file, because
    records and reports are there to be published.  What a link leads to is written, and the link
    stays, as a person who made ``latest.json`` one wants it.

    Args:
        file: Where to.
        content: What; a stream where it is too large for the memory.
        through_links: False for a store of our own: a link in it is replaced by a file, so that
            whoever made the store cannot have us write elsewhere.

    Raises:
        OutputError: what is there is no regular file, or may not be written.
    """
    data = content.encode() if isinstance(content, str) else content
    pieces = io.BytesIO(data) if isinstance(data, bytes) else data
    target, mode = _target(file) if through_links or not file.is_symlink() else (file, None)
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch.file(target.parent, 0o666 if mode is None else mode) as (handle, temporary):
        with os.fdopen(handle, "wb", closefd=False) as stream:
            shutil.copyfileobj(pieces, stream)
        os.fsync(handle)  # before the name is: a machine that stops leaves no stub
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(handle, mode)
        temporary.replace(target)


def exchange(new: Path, old: Path) -> None:
    """Put the folder `new` where `old` is and the other way round; where it can be, in one step.

    Linux does it in one step, and Python has no word for that; elsewhere there is a moment in which
    neither stands there.  Both lie in one file system.
    """
    words = (_HERE, os.fsencode(new), _HERE, os.fsencode(old), _EXCHANGE)
    with contextlib.suppress(OSError, AttributeError):  # no such call in this C library
        if ctypes.CDLL(None).renameat2(*words) == 0:
            return
    aside = new.with_name(f"{new.name}.aside")
    old.rename(aside)
    new.rename(old)
    aside.rename(new)


def put_folder(new: Path, place: Path) -> None:
    """Put a finished folder where it belongs: a reader finds the old one, or all of the new one.

    What stood there is then where `new` was.  Both lie in one file system.
    """
    if place.exists():
        exchange(new, place)
    else:
        new.rename(place)


_HERE, _EXCHANGE = -100, 2  # AT_FDCWD of fcntl.h, RENAME_EXCHANGE of linux/fs.h


def require_writable(file: Path) -> None:
    """Refuse a place for a file before work is done for it.

    Raises:
        OutputError: it is no regular file, or below what is no folder, or may not be written.
    """
    if str(file) == "-":
        raise OutputError(
            "- is no file, one was wanted. What is printed can be sent anywhere, with "
            "--format json too; give a file's name."
        )
    target, _ = _target(file)
    require_folder(target.parent)


def _target(file: Path) -> tuple[Path, int | None]:
    """The file that is to be replaced, and its permissions; None where none is there.

    Raises:
        OutputError: it is there and is no regular file, or may not be written.
    """
    try:
        facts = file.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        if file.is_symlink():
            raise OutputError(
                f"{file} is a link that leads to no file, one was wanted. Remove it, or give "
                "another place."
            ) from error
        return file, None
    except OSError as error:
        raise _cannot_be(file, error) from error
    if stat.S_ISDIR(facts.st_mode):
        raise OutputError(f"{file} is a folder, a file was wanted. Name one in it.")
    if any(_is_stream(number, facts) for number in (1, 2)):
        raise OutputError(
            f"{file} is where what is printed goes, another file was wanted. {_ELSEWHERE}"
        )
    if not stat.S_ISREG(facts.st_mode):
        raise OutputError(
            f"{file} is a device, a pipe or a socket, a regular file was wanted. {_ELSEWHERE}"
        )
    if not os.access(file, os.W_OK):
        raise OutputError(
            f"{file} may not be written, a file that may be was wanted. Change its permissions, "
            "or give another."
        )
    return Path(os.path.realpath(file)), stat.S_IMODE(facts.st_mode) & 0o777


_ELSEWHERE = (
    "Give a file, or leave the option out; what is printed can be sent anywhere, with --format "
    "json too."
)


def _is_stream(number: int, facts: os.stat_result) -> bool:
    """Whether this file is what a standard stream writes to."""
    try:
        return os.path.samestat(facts, os.fstat(number))
    except OSError:  # it is closed
        return False


def require_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written, before work is done for it.

    Raises:
        OutputError: it, or what it would be made in, is none or may not be written.
    """
    scratch.sweep(folder)
    there = next(each for each in (folder, *folder.absolute().parents) if _exists(each))
    if not there.is_dir():
        raise OutputError(f"{there} is no folder, one was wanted for {folder}. Give another.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(
            f"{there} may not be written, a place for {folder} was wanted. Change its "
            "permissions, or give another."
        )


def _exists(place: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere too: nothing can be made there."""
    try:
        place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _cannot_be(place, error) from error
    return True


def _cannot_be(place: Path, error: OSError) -> OutputError:
    return OutputError(f"{place} cannot be: {error.strerror}. Another name was wanted. Give one.")
