"""The folder of an export: written beside and put in place whole, and known again by its mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conformance import documents, scratch
from conformance.atomic import put_folder, require_folder
from conformance.cases.exported.content import Files
from conformance.errors import ExportError

MARK = ".conformance-export"
"""The file by which an export is known; it says the format."""

_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written: files, and bytes in them."""

    files: int
    bytes: int


def require(folder: Path) -> None:
    """Refuse a folder that holds anything but an export, before work is done for it.

    Raises:
        ExportError: it does, or cannot be put in place whole.
        OutputError: nothing can be written there.
    """
    require_folder(folder)
    require_folder(folder.resolve().parent)  # where the new one is made
    if folder.is_mount():
        raise ExportError(
            f"{folder} is where a file system is mounted, a folder that can be replaced was "
            f"wanted. Give one in it, such as {folder / 'cases'}."
        )
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise ExportError(
            f"{folder} is not empty and holds no export of this program. "
            "Give another folder with --out, or empty that one."
        )


def write(folder: Path, form: str, files: Files) -> Written:
    """Write an export; one that is there is replaced once the new one is whole.

    An exception, Ctrl-C included, leaves what was there and nothing else.

    Args:
        folder: Where to.
        form: The name of the format.
        files: What, made while it is written.

    Raises:
        ExportError, OutputError: as `require`.
    """
    require(folder)
    folder = folder.resolve()
    count = size = 0
    with _made(folder.parent), scratch.folder(folder.parent) as beside:
        fresh = beside / "export"
        fresh.mkdir()
        for name, pieces in files:
            file = fresh / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as stream:  # two of one name would be one case less
                size += sum(map(stream.write, pieces))
            count += 1
        said = {"schema": "conformance/export/1", "format": form}
        (fresh / MARK).write_text(json.dumps(said) + "\n", encoding="utf-8")
        put_folder(fresh, folder)
    return Written(count, size)


@contextmanager
def _made(place: Path) -> Iterator[None]:
    """The folders above; those that were not there are gone again where nothing came of it."""
    absent = [each for each in (place, *place.parents) if not each.exists()]
    place.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for each in absent:
            each.rmdir()
        raise


def form_of(folder: Path) -> str:
    """The name of the format that a folder was written in.

    Raises:
        ExportError: it holds no export.
    """
    try:
        found = json.loads(documents.read_text(folder / MARK, _LONGEST))["format"]
    except (ValueError, LookupError, TypeError) as error:
        raise ExportError(
            f"{folder} holds no export: its {MARK} cannot be used: {error}. "
            "Write one with: conformance export"
        ) from error
    return str(found)
