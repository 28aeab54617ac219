"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from conformance.errors import OutputError


def write_atomically(file: Path, content: str | bytes) -> None:
    """Write `content`, text as UTF-8, to `file`: a reader sees the old file or the new one.

    The file gets the permissions that an ordinary new file gets, because records and
    reports are there to be published.
    """
    data = content.encode() if isinstance(content, str) else content
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())  # before the name is: a machine that stops leaves no stub
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    # The only way to read it is to set it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def require_writable(file: Path) -> None:
    """Refuse a place for a file before work is done for it.

    Raises:
        OutputError: it is a folder, or below what is none, or may not be written.
    """
    if file.is_dir():
        raise OutputError(f"{file} is a folder, a file was wanted. Name one in it.")
    require_folder(file.parent)


def require_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written, before work is done for it.

    Raises:
        OutputError: it, or what it would be made in, is none or may not be written.
    """
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
        raise OutputError(
            f"{place} cannot be: {error.strerror}. Another name was wanted. Give one."
        ) from error
    return True
