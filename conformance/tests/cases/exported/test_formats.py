"""Every format gives back the case that was written, and gives it to strangers too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Array
from conformance.cases.exported.content import Exported
from conformance.cases.exported.formats import named
from conformance.cases.golden import content
from conformance.float_types import TYPES
from conformance.tests.cases.exported.samples import (
    bounded,
    grouped,
    made,
    patterned,
    put,
    said,
    stored,
)
from conformance.tests.cases.golden import samples

FORMATS = ("npz", "safetensors", "raw", "json")
PLAIN = {"float16": "<f2", "float32": "<f4", "float64": "<f8", "bfloat16": "<u2"}


def write(folder: Path, form: str, exported: Iterable[Exported]) -> Path:
    """Write cases in a format; returns the folder."""
    for group in grouped(list(exported)):
        put(folder, named(form).files(group))
    return folder


@pytest.mark.parametrize("form", FORMATS)
def test_a_stored_case_of_every_kind_comes_back(form: str, tmp_path: Path) -> None:
    """Digest, bounds and edges of stored cases of all types, modes and ranks are the same."""
    cases = stored()
    assert {each.case.inputs.types for each in cases} == {*TYPES}
    write(tmp_path, form, cases)
    found = {each.case.id: said(each) for each in named(form).read(tmp_path)}
    assert found == {each.case.id: said(each) for each in cases}


@pytest.mark.parametrize("form", FORMATS)
def test_any_bits_come_back(form: str, tmp_path: Path) -> None:
    """Random bits of each type, signalling NaNs among them, odd axes and empty arrays survive."""
    cases = made()
    write(tmp_path, form, cases)
    found = {each.case.id: said(each) for each in named(form).read(tmp_path)}
    assert found == {each.case.id: said(each) for each in cases}


@pytest.mark.parametrize(
    ("form", "digest"),
    [
        ("npz", "d3b3d3a8576b06f3c3938241177f9e58d289c72a8450673e8bf3c09f42fd03c2"),
        ("safetensors", "14da059c0f4f74957959243342f16e24705377cd13f9bcf51fa0264b96f90e66"),
        ("raw", "5f93597ce578178cf9225e0a5155fd2ba01e376cf111b0f23222a45c1bf19251"),
        ("json", "3c81714b58726229a7b3dcad73b1092dcad210b103e048f8a294ee0db141dcfc"),
    ],
)
def test_the_bytes_depend_on_the_case_alone(form: str, digest: str) -> None:
    """The files of two cases have the bytes that they had when this was written, names included."""
    found = hashlib.sha256()
    for group in grouped([patterned("float16+float32", 1), patterned("bfloat16", 2)]):
        for name, pieces in named(form).files(group):
            found.update(name.encode() + b"\0" + b"".join(pieces))
    assert found.hexdigest() == digest


def bits(array: Array) -> bytes:
    """The values of an array as bytes."""
    return np.ascontiguousarray(array).tobytes()


def test_numpy_reads_the_archives(tmp_path: Path) -> None:
    """numpy.load finds every array in its type, bfloat16 as 16-bit patterns, and the text."""
    for exported in made():
        write(tmp_path, "npz", [exported])
        with np.load(tmp_path / f"{exported.case.id}.npz") as archive:
            text = json.loads(archive["case.json"])
            assert {*archive.files} == {"case.json", *exported.arrays}
            for name, values in exported.arrays.items():
                found = archive[name]
                assert bits(found) == bits(values)
                assert (found.shape, found.dtype.str) == (
                    values.shape,
                    PLAIN[text["arrays"][name]["type"]],
                )


def test_the_library_of_safetensors_reads_the_files(tmp_path: Path) -> None:
    """Its own reader takes every file, with shapes, bytes and attributes as texts."""
    library = pytest.importorskip("safetensors")
    for exported in made():
        write(tmp_path, "safetensors", [exported])
        file = tmp_path / f"{exported.case.id}.safetensors"
        found = dict(library.deserialize(file.read_bytes()))
        assert found.keys() == exported.arrays.keys()
        for name, values in exported.arrays.items():
            assert tuple(found[name]["shape"]) == values.shape
            assert bytes(found[name]["data"]) == bits(values)
        with library.safe_open(file, framework="numpy") as opened:
            told = opened.metadata()
        assert told["sha256"] == content.digest(exported.case)
        assert float(told["eps"]) == exported.case.inputs.eps
        assert json.loads(told["edges"]) == [*exported.edges]


def test_raw_arrays_are_what_the_text_says(tmp_path: Path) -> None:
    """A stranger finds each array by type, shape and file, "." for "/" in its name, and no more."""
    for exported in made():
        write(tmp_path, "raw", [exported])
        folder = tmp_path / exported.case.id
        text = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        attributes = content.attributes(exported.case)
        assert {*text} == {"schema", "id", *attributes, "sha256", "edges", "arrays"}
        assert text["schema"] == "conformance/exported/1"
        assert {n: tuple(text[n]) if n == "axis" else text[n] for n in attributes} == attributes
        assert {*text["arrays"]} == {*exported.arrays}
        for name, facts in text["arrays"].items():
            assert facts["file"] == name.replace("/", ".") + ".bin"
            found = np.fromfile(folder / facts["file"], PLAIN[facts["type"]])
            assert found.tobytes() == bits(exported.arrays[name])
            assert tuple(facts["shape"]) == exported.arrays[name].shape
        assert len([*folder.iterdir()]) == 1 + len(exported.arrays)


def test_hexadecimal_values_are_exact(tmp_path: Path) -> None:
    """Every value is the text of C's %a, nan, inf or -inf, and reads as the float64 that it is."""
    exported = patterned("bfloat16+float32", 7)
    write(tmp_path, "json", [exported])
    found = json.loads((tmp_path / "odd.json").read_text(encoding="utf-8"))
    assert (found["about"], found["number_of_cases"]) == ("What odd is for: ∅.", 1)
    (case,) = found["cases"]
    for name, values in exported.arrays.items():
        read = [float.fromhex(text) for text in case["arrays"][name]["values"]]
        np.testing.assert_array_equal(read, values.astype(np.float64).ravel())
    some = samples.dense("dense/one", x=np.array([[1.5, -0.0, np.nan], [np.inf, -np.inf, 2**-149]]))
    write(tmp_path, "json", [Exported(case=some, bounds={}, edges=())])
    (case,) = json.loads((tmp_path / "dense.json").read_text(encoding="utf-8"))["cases"]
    wanted = ["0x1.8p+0", "-0x0p+0", "nan", "inf", "-inf", "0x1p-149"]
    assert case["arrays"]["x"]["values"] == wanted


@pytest.mark.parametrize("form", FORMATS)
def test_odd_ids_stay_apart(form: str, tmp_path: Path) -> None:
    """Ids that look like files of an export, or differ by an ending, are cases of their own."""
    ids = (
        "0.json/a",
        "0/a",
        "0/a.npz",
        "0/a.safetensors",
        "0/case.json",
        "0/x.bin",
        "0/a..",
        "0/aux",
    )
    case = samples.dense("dense/one")
    cases = [bounded(samples.case(name, case.inputs, case.expected)) for name in ids]
    write(tmp_path, form, cases)
    found = {each.case.id: said(each) for each in named(form).read(tmp_path)}
    assert found == {each.case.id: said(each) for each in cases}
