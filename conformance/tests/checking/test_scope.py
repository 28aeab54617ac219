"""Tests of the hint for kernels that are right on some ranks or types alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance
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
    """Every failure has more axes, so the report shows what to declare; then it conforms."""
    groups = ["dense/train-float*", "spatial/*float64", "volumetric/*float64"]
    report = conformance.check(kernel, case=groups, dtype="float64", fresh=False)
    assert not report.conforms
    (note,) = report.notes
    assert note.startswith("every failure is with another number of axes")
    assert note.endswith('conformance = {"ranks": [2]}')
    file = Path(kernel)
    file.write_text(ROWS + 'batch_norm.conformance = {"ranks": [2]}\n')
    assert conformance.check(kernel, case=groups, dtype="float64", fresh=False).conforms


def test_types_are_told_with_ranks(kernel: str) -> None:
    """Failures in half precision on two axes, and in every type on three, are one declaration."""
    report = conformance.check(kernel, case=["dense/train-*"], fresh=False)
    (note,) = report.notes
    assert note.endswith('conformance = {"ranks": [2], "dtypes": ["float32", "float64"]}')


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
