"""The index: it says where values lie, and nothing that it says is believed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.case import Case
from conformance.cases import golden
from conformance.cases.golden import content, hdf5, index
from conformance.cases.golden.listing import INDEX
from conformance.errors import GoldenFileError
from conformance.tests.cases.golden.sealing import seal

ID = "dense/float64"
FLIPS = 300


def parts(case: Case) -> dict[str, Any]:
    """All that a golden file says of a case, as what can be compared."""
    arrays = content.arrays(case)
    bits = {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()}
    return {**content.attributes(case), **bits}


@pytest.mark.parametrize("published", [False, True], ids=["samples", "catalogue"])
def test_index_and_hdf5_give_the_same_cases(fixtures: Path, *, published: bool) -> None:
    """Each case read by the index has every bit, type and word that HDF5 finds in the file."""
    folder = None if published else fixtures
    ids = golden.select(None, folder)
    for one, other in zip(golden.load(ids, folder), hdf5.load(ids, folder), strict=True):
        assert parts(one) == parts(other), one.id


def test_loading_needs_no_hdf5() -> None:
    """Cases are read without h5py, which takes longer to import than they take to load."""
    code = (
        "import sys, conformance\n"
        "assert len(list(conformance.load('dense/*'))) > 1\n"
        "sys.exit('h5py' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_arrays_are_aligned_and_hold_no_file(fixtures: Path) -> None:
    """An array owns its memory, aligned for its type, wherever in the file its values lay."""
    for case in golden.load(golden.select(None, fixtures), fixtures):
        for array in content.arrays(case).values():
            assert array.flags.aligned
            assert array.base is None or array.base.nbytes == 2 * array.nbytes  # of a history
        assert case.inputs.x.flags.owndata


def change(folder: Path, data: bytes) -> None:
    """Give `folder` another index, at another time."""
    file = folder / INDEX
    later = file.stat().st_mtime_ns + 1_000_000
    file.write_bytes(data)
    os.utime(file, ns=(later, later))


def in_lines(told: dict[str, Any]) -> bytes:
    """An index as it is written: a line for each case."""
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(said)}" for name, said in told.items())
    return f"{{\n{lines}\n}}\n".encode()


@pytest.mark.parametrize("sealed", [False, True], ids=["as-it-is", "manifest-forged"])
def test_flipped_bit_is_refused_or_harmless(spoilable: Path, *, sealed: bool) -> None:
    """A flipped bit is always seen; where the manifest is forged to match, no value changes."""
    choose = random.Random(93)  # noqa: S311 - places, not secrets
    ids = golden.select(None, spoilable)
    wanted = [parts(case) for case in golden.load(ids, spoilable)]
    data, refused = (spoilable / INDEX).read_bytes(), 0
    for _ in range(FLIPS):
        at, bit = choose.randrange(len(data)), choose.randrange(8)
        change(spoilable, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        if sealed:
            seal(spoilable)
        try:
            assert [parts(case) for case in golden.load(ids, spoilable)] == wanted
        except GoldenFileError as error:
            assert "conformance generate" in str(error)  # noqa: PT017 - either outcome is right
            refused += 1
    assert refused == FLIPS if not sealed else FLIPS // 2 < refused < FLIPS


@pytest.mark.parametrize("sealed", [False, True], ids=["as-it-is", "manifest-forged"])
def test_truncated_index_is_refused(spoilable: Path, *, sealed: bool) -> None:
    """An index that was cut at any place is refused, also if the manifest is forged to match."""
    data = (spoilable / INDEX).read_bytes()
    for cut in [*range(0, len(data) - 2, 97), len(data) - 3]:
        change(spoilable, data[:cut])
        if sealed:
            seal(spoilable)
        with pytest.raises(GoldenFileError, match=r"INDEX\.json: .* conformance generate"):
            list(golden.load([ID], spoilable))


def test_missing_index_is_named(spoilable: Path) -> None:
    """A folder without its index is an error with a remedy; nothing is guessed."""
    (spoilable / INDEX).unlink()
    with pytest.raises(
        GoldenFileError, match=r"INDEX\.json: .*No such file.* conformance generate"
    ):
        next(golden.load([ID], spoilable))


def test_manifest_of_no_index_is_refused(spoilable: Path) -> None:
    """A manifest that knows no index, as one of an earlier version, is refused with a remedy."""
    file = spoilable / "MANIFEST.json"
    told = json.loads(file.read_bytes())
    del told["index"]
    file.write_text(json.dumps(told))
    with pytest.raises(GoldenFileError, match=r"'index'.* conformance generate"):
        golden.manifest(spoilable)


def test_index_of_another_catalogue_is_refused(spoilable: Path) -> None:
    """An index in which two cases have changed places is refused by their digests."""
    told = json.loads((spoilable / INDEX).read_bytes())
    told[ID], told["dense/float16"] = told["dense/float16"], told[ID]
    change(spoilable, in_lines(told))
    seal(spoilable)
    with pytest.raises(GoldenFileError, match="manifest wants"):
        list(golden.load([ID], spoilable))


def dataset(*place: object) -> Callable[[dict[str, Any]], object]:
    """Say that x lies elsewhere, or is of another kind."""
    return lambda told: told["datasets"].update(x=list(place))


def attribute(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    """Say another value of an attribute."""
    return lambda told: told["attributes"].update({name: value})


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "beyond the end": (dataset("float64", [4, 3], 10**9), "ends at byte 1,000,000,096"),
    "without end": (dataset("float64", [10**30, 3], 0), "ends at byte"),
    "no rows of many": (dataset("float64", [0, 10**30], 0), "x has shape|reading gave"),
    "before the beginning": (dataset("float64", [4, 3], -8), "x is 'float64' of"),
    "negative shape": (dataset("float64", [-4, -3], 0), "x is 'float64' of"),
    "part of a byte": (dataset("float64", [4, 3], 0.5), "x is 'float64' of"),
    "true for a number": (dataset("float64", [4, True], 0), "x is 'float64' of"),
    "many axes": (dataset("float64", [1] * 99, 0), "x is 'float64' of"),
    "unknown type": (dataset("object", [4, 3], 0), "x is 'object' of"),
    "list for a type": (dataset([], [4, 3], 0), "reading gave TypeError"),
    "text for a shape": (dataset("float64", "43", 0), "x is 'float64' of"),
    "no place": (dataset(), "reading gave TypeError"),
    "other place": (dataset("float64", [4, 3], 0), "its digest is"),
    "other type": (dataset("float32", [4, 3], 0), "dy is float64, float32 was wanted"),
    "stranger": (lambda told: told["datasets"].update(z=["float64", [], 0]), "a dataset 'z'"),
    "x is gone": (lambda told: told["datasets"].pop("x"), "reading gave TypeError"),
    "input is gone": (lambda told: told["datasets"].pop("beta"), "its digest is"),
    "output is gone": (lambda told: told["datasets"].pop("expected/y"), "its due is"),
    "no datasets": (lambda told: told.pop("datasets"), "reading gave KeyError"),
    "list of datasets": (lambda told: told.update(datasets=[]), "reading gave AttributeError"),
    "attribute is gone": (lambda told: told["attributes"].pop("eps"), "reading gave KeyError"),
    "text for a number": (attribute("eps", "1e-5"), "eps = '1e-5', a float was wanted"),
    "whole number": (attribute("eps", 1), "eps = 1, a float was wanted"),
    "no number": (attribute("eps", float("nan")), "its digest is"),
    "number for a text": (attribute("made", 1.0), r"made = 1\.0, a str was wanted"),
    "half a character": (attribute("made", "\ud800"), "reading gave UnicodeEncodeError"),
    "number for an axis": (attribute("axis", 1), "axis = 1, a tuple was wanted"),
    "true for an axis": (attribute("axis", [True]), r"axis = \[True\], a tuple was wanted"),
    "far axis": (attribute("axis", [10**30]), "does not name axes"),
    "other number": (attribute("eps", 1e-3), "its digest is"),
    "other mode": (attribute("mode", "test"), "its mode is 'test'"),
    "memory that cannot be": (attribute("memory", "merged"), "is not running_var"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_entry_is_refused(kind: str, spoilable: Path) -> None:
    """What an index says wrongly of a case is refused, with the case, the file and the reason."""
    act, message = HOSTILE[kind]
    told = json.loads((spoilable / INDEX).read_bytes())
    act(told[ID])
    change(spoilable, in_lines(told))
    seal(spoilable)
    with pytest.raises(GoldenFileError, match=message) as caught:
        list(golden.load([ID], spoilable))
    said = str(caught.value)
    assert str(spoilable / "dense.h5") in said
    assert ID in said
    assert "conformance generate" in said


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"1", b"{", b"[" * 10**5, b"\xff", b'{"dense/float64": 1}', b"{}"]
)
def test_what_is_no_index_is_refused(data: bytes, spoilable: Path) -> None:
    """An index that is no JSON, no object or says nothing of a case is refused."""
    change(spoilable, data)
    seal(spoilable)
    with pytest.raises(GoldenFileError, match="conformance generate"):
        list(golden.load([ID], spoilable))


def test_empty_arrays_lie_nowhere(fixtures: Path) -> None:
    """An empty dataset has the offset 0, which is in every file, and comes back empty."""
    told = index.load(fixtures, golden.manifest(fixtures).index)["odd/empty"]
    assert told["datasets"]["x"] == ["float32", [0, 3], 0]
    (case,) = golden.load(["odd/empty"], fixtures)
    np.testing.assert_array_equal(case.inputs.x, np.zeros((0, 3), np.float32), strict=True)


def test_shapes_are_told_without_a_golden_file(spoilable: Path) -> None:
    """The index alone says how large x is, for ids in any order."""
    wanted = {case.id: case.inputs.x.shape for case in golden.load_matching(folder=spoilable)}
    for file in spoilable.glob("*.h5"):
        file.unlink()
    assert golden.shapes(reversed(wanted), spoilable) == wanted


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([-4, 3], "x is of .* 2 to 5 sizes were wanted"),
        ([4, True], "x is of .* 2 to 5 sizes were wanted"),
        ([1] * 9, "x is of .* 2 to 5 sizes were wanted"),
        ("43", "x is of '43', 2 to 5 sizes were wanted"),
        (None, "x is of None, 2 to 5 sizes were wanted"),
    ],
)
def test_a_hostile_shape_is_refused(shape: object, message: str, spoilable: Path) -> None:
    """A shape that no x has is refused, with the case and the index."""
    told = json.loads((spoilable / INDEX).read_bytes())
    told[ID]["datasets"]["x"][1] = shape
    change(spoilable, in_lines(told))
    seal(spoilable)
    with pytest.raises(GoldenFileError, match=message) as caught:
        golden.shapes([ID], spoilable)
    assert str(spoilable / INDEX) in str(caught.value)
    assert ID in str(caught.value)
