"""How much of an output an error is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.report.bugs.visible import place, share
from conformance.verdict.ruler import Ruler


def off(output: str, by: float, name: str = "dense/train-float32") -> float:
    """The share of one wrong element of an output of a stored case."""
    (case,) = golden.load([name])
    due = Ruler(case, Dialect()).due[output]
    actual = due.copy()
    actual.flat[3] += by
    assert place(due, actual) == tuple(map(int, np.unravel_index(3, due.shape)))
    return share(case, output, due, actual)


def test_an_error_is_held_against_the_largest_value() -> None:
    """An error as large as the largest value of an output is all of it, a tenth a tenth."""
    (case,) = golden.load(["dense/train-float32"])
    assert case.expected.y is not None
    largest = float(np.abs(case.expected.y).max())
    assert off("y", largest) == 1
    assert off("y", largest / 10) == pytest.approx(0.1)


def test_a_gradient_that_cancels_is_held_against_its_terms() -> None:
    """Where dx is 0 of two values, an error is measured by dy / std, and not by that 0."""
    (case,) = golden.load(["count/m-2-float32"])
    assert case.expected.dx is not None
    assert case.expected.inv_std is not None
    assert case.inputs.dy is not None
    term = float(np.abs(case.inputs.dy).max() * case.expected.inv_std.max())
    gamma = 1.0 if case.inputs.gamma is None else float(np.abs(case.inputs.gamma).max())
    assert np.abs(case.expected.dx).max() < term * gamma / 100
    assert off("dx", term * gamma / 1000, "count/m-2-float32") == pytest.approx(0.001, rel=0.01)


def test_a_variance_of_nothing_is_held_against_eps() -> None:
    """Where the variance is 0, an error of a hundredth of eps is a hundredth, and not all."""
    (lone,) = golden.load(["count/m-1-float32"])
    due = np.zeros(lone.inputs.channel_shape)
    assert share(lone, "var", due, due + lone.inputs.eps / 100) == pytest.approx(0.01)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_is_all_wrong(wrong: float) -> None:
    """NaN and infinity are seen, wherever they stand."""
    assert off("dgamma", wrong) == 1


def test_what_did_not_come_is_all_wrong() -> None:
    """An output that is missing or of another shape is wrong altogether, and at no place."""
    (case,) = golden.load(["dense/train-float32"])
    due = Ruler(case, Dialect()).due["y"]
    for actual in (None, due[:2]):
        assert share(case, "y", due, actual) == 1
        assert place(due, actual) is None
