"""Holding bounds against golden files: against those that would be written now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import numpy as np

from conformance import documents, scratch
from conformance.array_files import regular_size
from conformance.case import Array
from conformance.cases.golden import bounds
from conformance.cases.golden.listing import NAME, Manifest, manifest
from conformance.cases.golden.vouched import facts_of
from conformance.oracle.stated import BITS
from conformance.printable import value

_LARGEST = 4 << 20


def differences(folder: Path, *, tell: bounds.Told = lambda *_: None) -> list[str]:
    """Where bounds are not those that would be written now; none where there are no bounds.

    Args:
        folder: The golden files, which are sound.
        tell: Told of the progress.
    """
    place = folder / bounds.FOLDER
    if not place.is_dir():
        return []
    if strange := list(_strange(place)):
        return strange
    with scratch.folder() as work:
        anew = work / bounds.FOLDER
        bounds.fill(anew, folder, tell)
        wanted, found = ({path.name for path in each.iterdir()} for each in (anew, place))
        lines = [
            *(f"{bounds.FOLDER}/{name}: the file is missing" for name in sorted(wanted - found)),
            *(f"{bounds.FOLDER}/{name}: the file is extra" for name in sorted(found - wanted)),
        ]
        for name in sorted((wanted & found) - {NAME}):
            lines += _different(place / name, anew / name)
    return [*lines, *_disowned(place, manifest(folder))]


def _disowned(place: Path, known: Manifest) -> Iterator[str]:
    """What the manifest of bounds says wrongly of its files, or of the catalogue."""
    try:
        said = json.loads(documents.read_bytes(place / NAME, _LARGEST))
        files, catalogue = said["files"], said["catalogue"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        yield f"{bounds.FOLDER}/{NAME}: cannot be read: {error}"
        return
    if catalogue != known.digest:
        wrong = f"it is of catalogue {value(catalogue)}, {known.digest} was wanted"
        yield f"{bounds.FOLDER}/{NAME}: {wrong}"
    wanted = {file.name: asdict(facts_of(file, "")) for file in sorted(place.glob("*.h5"))}
    if isinstance(files, dict) and all(isinstance(each, dict) for each in files.values()):
        files = {name: {**each, "about": ""} for name, each in files.items()}
    if files != wanted:
        yield f"{bounds.FOLDER}/{NAME}: its files are not those that are there"


def _strange(place: Path) -> Iterator[str]:
    """What lies among bounds and is no file: reading a pipe would wait for ever."""
    for each in sorted(place.iterdir()):
        try:
            regular_size(each)
        except ValueError as error:
            yield f"{bounds.FOLDER}/{each.name}: {error}"


def _different(file: Path, anew: Path) -> Iterator[str]:
    """What of a file is not as it was written anew, but for the last bit of a bound."""
    if facts_of(file, "") == facts_of(anew, ""):
        return
    try:
        with h5py.File(file) as one, h5py.File(anew) as other:
            found, wanted = _held(one), _held(other)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        yield f"{bounds.FOLDER}/{file.name}: cannot be read: {error}"
        return
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found or name not in wanted or not _agree(found[name], wanted[name]):
            yield f"{bounds.FOLDER}/{file.name}: {name} differs from what was written anew"


def _held(file: h5py.File) -> dict[str, Array]:
    """Every dataset and attribute of a file, by path."""
    held: dict[str, Array] = {}

    def visit(name: str, each: Any) -> None:
        held.update({f"{name}@{key}": np.asarray(value) for key, value in each.attrs.items()})
        if isinstance(each, h5py.Dataset):
            held[name] = each[()]

    file.visititems(visit)
    visit("", file)
    return held


def _agree(one: Array, other: Array) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool((one == other).all())
    return bool(np.allclose(one, other, rtol=2.0 ** (1 - BITS), atol=0, equal_nan=True))
