"""The folder of golden files of one's own: what may be there, and how it changes."""

from __future__ import annotations

from pathlib import Path

from conformance import atomic
from conformance.cases import published
from conformance.cases.golden import bounds, manifest
from conformance.cases.golden.listing import INDEX, NAME
from conformance.errors import GoldenFileError, OutputError
from conformance.printable import cut

README = "README.md"


def require(folder: Path) -> Path:
    """The folder without links on the way, if golden files may be written there.

    Raises:
        OutputError: it is the catalogue's own, is no folder, holds what is no golden file, or what
            it is to be made in may not be written.
    """
    place = folder.resolve()
    if any(published.is_home(each) for each in (place, *place.parents)):
        raise OutputError(
            f"{folder} is where the catalogue of this package lies, another folder was wanted. "
            "Give one; conformance generate without a problem writes the catalogue."
        )
    # It is replaced whole, so that what it lies in has to be written.
    atomic.require_folder(place.parent)
    atomic.require_folder(place)
    if place.exists():
        _require_golden(place)
    return place


def _require_golden(place: Path) -> None:
    found = {entry.name for entry in place.iterdir()}
    if not found:
        return
    if NAME not in found:
        raise _strange(place, sorted(found))
    try:
        known = manifest(place).files
    except GoldenFileError as error:
        raise OutputError(f"{error} Or remove {place}, or give another folder.") from error
    strays = found - {NAME, INDEX, README, bounds.FOLDER, *known}
    if strays:
        raise _strange(place, sorted(strays))


def _strange(place: Path, names: list[str]) -> OutputError:
    return OutputError(
        f"{place} holds {cut(', '.join(names), 200)}, an empty folder, a new one, or one with "
        "nothing but golden files was wanted: it is replaced whole. Give another."
    )
