"""Bounds beside golden files: what another language judges by, written, held and refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import numpy as np
import pytest

from conformance.cases import golden
from conformance.cases.golden import bounds, bounds_audit, writing
from conformance.oracle.edges import Edges
from conformance.tests.test_packaging import CHECKOUT

_MOST = 30 * 10**6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some golden files with their bounds."""
    cases = [case for case in golden.load(golden.select(None)) if _is_wanted(case.id)]
    groups = {case.problem.group for case in cases}
    writing.write(cases, tmp_path / "g", explain=dict.fromkeys(groups, "Some."))
    bounds.write(tmp_path / "g")
    return tmp_path / "g"


def _is_wanted(name: str) -> bool:
    return name.split("/", maxsplit=1)[0] in ("dense", "empty", "constant")


def test_three_lines_judge_a_float32_answer(folder: Path) -> None:
    """What the files say suffices: the exact y rounded to float32 is A, and off by 1e-3 is not."""
    with h5py.File(folder / "dense.h5") as file, h5py.File(folder / "bounds/dense.h5") as said:
        name = next(n for n in file if file[n]["x"].dtype == np.float32)
        expected, unit = file[name]["expected/y"][()], said[name]["unit/y"][()]
        for error, right in ((0.0, True), (1e-3, False)):
            y = (expected + error).astype(np.float32)
            off = np.abs(y.astype(np.float64) - expected) / unit
            assert bool((off <= said[name].attrs["limit"]).all()) is right


def test_every_case_and_output_has_its_bounds(folder: Path) -> None:
    """The groups, digests, limits, edges and units are those of the cases, and no others."""
    for case in golden.load(golden.select(None, folder), folder):
        with h5py.File(folder / f"bounds/{case.problem.group}.h5") as file:
            said = file[case.id.split("/")[1]]
            assert said["unit"].keys() == case.expected.items().keys()
            assert said.attrs["sha256"].decode() == golden.manifest(folder).entries[case.id].digest
            assert said.attrs["limit"] == case.problem.limit
            edges = said.attrs["edges"].decode()
            assert edges == ",".join(Edges(case.inputs, case.expected).posed)


def test_the_same_files_give_the_same_bytes(folder: Path) -> None:
    """Bounds that are written again are byte for byte what they were, and agree with the files."""
    before = {file.name: file.read_bytes() for file in (folder / "bounds").iterdir()}
    bounds.write(folder)
    assert {file.name: file.read_bytes() for file in (folder / "bounds").iterdir()} == before
    assert bounds_audit.differences(folder) == []


def _spoil(place: Path, factor: float) -> None:
    with h5py.File(place / "dense.h5", "r+") as file:
        unit = next(iter(file.values()))["unit/y"]
        unit[...] = unit[()] * np.float32(factor)


def _rewrite(place: Path, change: Callable[[dict[str, object]], object]) -> None:
    said = json.loads((place / "MANIFEST.json").read_text())
    change(said)
    (place / "MANIFEST.json").write_text(json.dumps(said))


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "unit": (lambda place: _spoil(place, 2.0), "unit/y differs"),
    "missing": (lambda place: (place / "dense.h5").unlink(), "the file is missing"),
    "extra": (lambda place: shutil.copy(place / "dense.h5", place / "more.h5"), "is extra"),
    "damaged": (lambda place: (place / "dense.h5").write_bytes(b"\0" * 99), "cannot be read"),
    "catalogue": (
        lambda place: _rewrite(place, lambda s: s.update(catalogue="0" * 64)),
        "was wanted",
    ),
    "folder": (lambda p: (p / "more.h5").mkdir(), "a regular file was wanted"),
    "pipe": (lambda p: os.mkfifo(p / "more.h5"), "a regular file was wanted"),
    "no manifest": (lambda place: (place / "MANIFEST.json").unlink(), "cannot be read"),
    "no files": (lambda place: _rewrite(place, lambda s: s.update(files=[])), "not those that are"),
    "no facts": (lambda p: _rewrite(p, lambda s: s.update(files={"a": 1})), "not those that are"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_bounds_of_other_files_are_a_difference(kind: str, folder: Path) -> None:
    """Whatever is wrong with bounds is named: a value, a file, a digest."""
    spoil, message = SPOILED[kind]
    spoil(folder / "bounds")
    assert any(message in line for line in bounds_audit.differences(folder))


def test_the_last_bit_of_a_bound_is_no_difference(folder: Path) -> None:
    """What another machine's sums may make of a bound is told by no one: its last bit of 16."""
    _spoil(folder / "bounds", 1 + 2.0**-16)
    lines = bounds_audit.differences(folder)
    assert all("MANIFEST" in line for line in lines)


def test_golden_files_without_bounds_are_sound(folder: Path) -> None:
    """A folder that has none, as the wheel's, is missing nothing."""
    shutil.rmtree(folder / "bounds")
    assert bounds_audit.differences(folder) == []


@pytest.mark.skipif(not (CHECKOUT / "pyproject.toml").is_file(), reason="the checkout is needed")
def test_the_committed_bounds_are_those_of_the_golden_files() -> None:
    """They are what is found now, and golden files and bounds together take less than 30 MB."""
    here = [CHECKOUT / "fixtures", CHECKOUT / "fixtures/bounds"]
    files = [file for folder in here for file in folder.iterdir() if file.is_file()]
    assert (CHECKOUT / "fixtures/bounds/dense.h5") in files
    assert sum(file.stat().st_size for file in files) < _MOST
    assert bounds_audit.differences(CHECKOUT / "fixtures") == []
