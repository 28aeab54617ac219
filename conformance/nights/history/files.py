"""The files of a history: named after their content, written once, never changed.

A file's name ends with the first 16 hexadecimal digits of the SHA-256 of its bytes, so a file
that was cut short or written by someone else is known by its name, and two writers of the same
thing write the same file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from conformance import documents
from conformance.atomic import write_atomically
from conformance.errors import HistoryError

SUFFIX = ".parquet"

_LARGEST = 1 << 30
"""Bytes that a file may have; a year of nights has a twentieth of it."""


def digest(content: bytes) -> str:
    """What the name of a file with this content ends with."""
    return hashlib.sha256(content).hexdigest()[:16]


def write(folder: Path, stem: str, content: bytes) -> Path:
    """Write ``<stem><digest>.parquet`` into `folder`, whole or not at all; returns the file.

    What is there already is left alone: it has this very content, or `read` refuses it, and
    then it is replaced.
    """
    file = folder / f"{stem}{digest(content)}{SUFFIX}"
    if not is_intact(file):
        write_atomically(file, content, through_links=False)
    return file


def is_intact(file: Path) -> bool:
    """Whether the file is there and holds what its name says."""
    try:
        content = documents.read_bytes(file, _LARGEST)
    except ValueError:
        return False
    return file.name.removesuffix(SUFFIX).endswith(digest(content))


def require(file: Path) -> Path:
    """`file`, if it is intact.

    Raises:
        HistoryError: it is missing, cut short, or no file of a history.
    """
    if not file.is_file():
        raise HistoryError(
            f"{file} is missing, and a run of this history needs it. Copy it from where the "
            "history was copied from."
        )
    if not is_intact(file):
        size = file.stat().st_size
        raise HistoryError(
            f"{file} ({size} bytes) does not hold what its name says: it was cut short or is no "
            "file of a history. Copy it anew from where it came from, or move it out of the folder."
        )
    return file
