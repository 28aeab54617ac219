"""The judges of other languages: against their own kernels, and against the ruler of the suite."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import numpy as np
import pytest

from conformance.case import Array, Case, Dialect
from conformance.cases import golden
from conformance.tests.languages.programs import (
    BY_NAME,
    FIXTURES,
    GROUPS,
    LANGUAGES,
    LONGEST,
    Judged,
    compiled,
    counts,
    hdf5,
    outputs,
    require,
)
from conformance.verdict.record import OutputResult
from conformance.verdict.ruler import Ruler

pytestmark = pytest.mark.skipif(not LANGUAGES.is_dir(), reason="the judges are in the checkout")

MISTAKES = {"single-pass": "var", "short-dx": "dx", "biased": "running_var"}
"""Wrong kernels, and the output that each is wrong in."""

Built = Callable[[str], list[str]]
Place = Callable[[str], Path]


def judged(
    command: list[str], kernel: str, place: Path, *groups: str, answers: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What the example says of a kernel; its answers are written to a file."""
    more = {} if answers is None else {"ANSWERS": str(answers)}
    return subprocess.run(
        [*command, kernel, str(place), *(groups or GROUPS)],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
        env={**os.environ, **more},
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_judges_are_short(name: str) -> None:
    """Each language has its reader and judge in one file of less than 120 lines."""
    assert len((LANGUAGES / BY_NAME[name].judge).read_text().splitlines()) < 120


@pytest.mark.parametrize("name", BY_NAME)
def test_right_kernel_is_right(name: str, built: Built, place: Place) -> None:
    """The right kernel is right in every case of the groups, and no case is lost."""
    done = judged(built(name), "right", place(name))
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert done.stdout.splitlines()[-1].startswith("RIGHT: ")
    found = counts(done.stdout)
    wanted = len(golden.select([f"{group}/*" for group in GROUPS]))
    assert found["cases"] + found["unread"] + found["refused"] == wanted
    assert found["wrong"] == found["edge"] == found["absent"] == 0
    assert (found["unread"] > 0) == (name == "javascript")  # its reader has no half types


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", BY_NAME)
def test_mistakes_are_wrong(name: str, mistake: str, built: Built, place: Place) -> None:
    """Each wrong kernel is wrong in the output that its mistake reaches, and exits with 1."""
    done = judged(built(name), mistake, place(name))
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1].startswith("WRONG: ")
    wrong = {out for (_, out), one in outputs(done.stdout).items() if one.grade == "wrong"}
    assert MISTAKES[mistake] in wrong
    assert mistake == "single-pass" or wrong == {MISTAKES[mistake]}


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_not_there_is_no_verdict(name: str, built: Built, tmp_path: Path) -> None:
    """Where there is nothing to read, an error names it, and the status is neither 0 nor 1."""
    done = judged(built(name), "right", tmp_path, "nothing")
    assert done.returncode not in (0, 1)
    assert "nothing" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("name", [n for n, held in BY_NAME.items() if not held.exported])
def test_bounds_of_another_case_are_refused(name: str, built: Built, tmp_path: Path) -> None:
    """Bounds whose digest is not that of the case judge nothing."""
    (tmp_path / "bounds").mkdir()
    for file in ("dense.h5", "bounds/dense.h5"):
        shutil.copyfile(FIXTURES / file, tmp_path / file)
    with h5py.File(tmp_path / "bounds" / "dense.h5", "r+") as bounds:
        bounds["train-float32"].attrs.modify("sha256", np.bytes_(b"0" * 64))
    done = judged(built(name), "right", tmp_path, "dense")
    assert done.returncode not in (0, 1)
    assert "dense/train-float32" in done.stderr


def test_googletest_has_a_test_for_every_case(tmp_path: Path) -> None:
    """The example for GoogleTest compiles, and passes with a test for each case of its groups."""
    require(("g++", "pkg-config"))
    if not any(
        place.is_dir() for place in map(Path, ("/usr/include/gtest", "/usr/local/include/gtest"))
    ):
        pytest.skip("GoogleTest is not installed")
    source, libraries = (
        LANGUAGES / "cpp" / "test_golden.cpp",
        ("-lgtest", "-lgtest_main", "-lpthread"),
    )
    compiled("g++", "-std=c++17", "-o", tmp_path / "test", source, *hdf5(), *libraries)
    done = subprocess.run(
        [tmp_path / "test"],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
        env={**os.environ, "GOLDEN": str(FIXTURES)},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    groups = ("dense", "spatial", "constant", "offset", "test-mode")
    cases = len(golden.select([f"{group}/*" for group in groups]))
    assert f"[  PASSED  ] {cases + 4} tests." in done.stdout


@cache
def ruler(case: str, *, biased: bool) -> tuple[Case, Ruler]:
    """A case, and what the suite holds its answers to."""
    (found,) = golden.load([case], FIXTURES)
    return found, Ruler(found, Dialect(running_var="biased" if biased else "unbiased"))


def by_suite(case: str, output: str, values: list[float]) -> tuple[OutputResult, Array]:
    """What the suite says of an output, and the error of each of its elements."""
    found, held = ruler(case, biased=output == "running_var_biased")
    name = output.removesuffix("_biased")
    exact = held.due[name]
    actual = np.array(values).reshape(exact.shape).astype(found.inputs.dtype_of(name))
    return held.judge({name: actual})[name], held.errors(name, actual)


@pytest.mark.parametrize("kernel", ["right", "single-pass"])
@pytest.mark.parametrize("name", BY_NAME)
def test_grades_are_those_of_the_suite(
    name: str, kernel: str, built: Built, place: Place, tmp_path: Path
) -> None:
    """For the same answers a judge gives the grade, the error and the element of the suite."""
    answers = tmp_path / "answers.txt"
    said = outputs(judged(built(name), kernel, place(name), answers=answers).stdout)
    told = [line.split(" ") for line in answers.read_text().splitlines()]
    known = {(case, output): values for case, output, *values in told}
    assert said.keys() <= known.keys()
    assert len(said) > 500
    for (case, output), one in said.items():
        _require_same(one, case, output, [float(value) for value in known[case, output]])


def _require_same(said: Judged, case: str, output: str, values: list[float]) -> None:
    result, errors = by_suite(case, output, values)
    beyond = "edge" if ruler(case, biased=False)[1].edges.posed else "wrong"
    grade = {"A": "A", "B": "B", "C": beyond, "F": beyond}[str(result.grade)]
    assert said.grade == grade, (case, output)
    worst = errors.max(initial=0.0)
    assert said.units == pytest.approx(worst, rel=0.01), (case, output)
    # Bounds are stated rounded up: another element may be as far off.
    assert errors.size == 0 or errors[said.index] >= worst * 0.999, (case, output)
