"""Tests of the hint for kernels that are right on some ranks or types alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance
from conformance.tests.checking.kernels import WRONG
from conformance.verdict.record import Status

ROWS = """
def batch_norm(x, gamma, beta, eps):
    return gamma * (x - x.mean(0)) / (x.var(0) + eps) ** 0.5 + beta
"""
"""The textbook's formula, for two axes."""


@pytest.fixture
def kernel(tmp_path: Path) -> str:
    """The selector of a kernel for two axes."""
    (tmp_path / "rows.py").write_text(ROWS)
    return str(tmp_path / "rows.py")


def test_a_kernel_for_two_axes_is_told_to_say_so(kernel: str) -> None:
    """Every failure has more axes and most is clean: it is told what to declare."""
    wide = {"dtypes": ["float32", "float64"]}
    report = conformance.check(kernel, declare=wide)
    assert not report.conforms
    (note,) = report.notes
    assert note.startswith("every failure is with another number of axes or type of x than in ")
    assert note.endswith('conformance = {"ranks": [2]}')
    assert conformance.check(kernel, tier="smoke", declare={**wide, "ranks": [2]}).conforms


def test_a_part_of_the_catalogue_gives_no_advice(kernel: str) -> None:
    """What was not compared may be wrong: only the whole catalogue says what is clean."""
    groups = ["dense/train-float*", "spatial/*float64", "volumetric/*float64"]
    report = conformance.check(kernel, case=groups, dtype="float64", fresh=False)
    assert not report.conforms
    assert not report.notes
    assert not conformance.check(kernel, tier="smoke", dtype="float64").notes


def test_a_known_fault_is_no_matter_of_scope(tmp_path: Path) -> None:
    """A kernel whose failures a fault of the dictionary explains is not told to leave them out."""
    (tmp_path / "wrong.py").write_text(WRONG)
    report = conformance.check(str(tmp_path / "wrong.py"))
    assert report.diagnosis[0].fault == "dx-divides-by-batch"
    assert not report.notes


def test_few_failures_are_no_matter_of_scope(kernel: str) -> None:
    """A rank in which two cases fail and many pass is not left out for them."""
    file = Path(kernel)
    file.write_text(
        ROWS.replace("x.mean(0)", "x.mean(rest)")
        .replace("x.var(0)", "x.var(rest)")
        .replace("    return", "    rest = tuple(range(x.ndim - 1))\n    return")
        .replace("+ beta", "+ (beta if x.shape != (4, 5, 6, 3) else 7 * beta)")
        + 'batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32"]}\n'
    )
    report = conformance.check(kernel, case=["spatial/*", "dense/*", "count/*"], fresh=False)
    assert 0 < sum(case.status is Status.FAIL for case in report.cases) < 5
    assert not report.notes


def test_a_kernel_that_is_wrong_everywhere_hears_nothing(tmp_path: Path) -> None:
    """What fails in every rank and type is no matter of scope."""
    (tmp_path / "wrong.py").write_text(ROWS.replace("+ beta", "- beta"))
    report = conformance.check(str(tmp_path / "wrong.py"), case=["dense/*", "spatial/*"])
    assert not [note for note in report.notes if "says so" in note]
