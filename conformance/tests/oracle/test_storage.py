"""Half types between batches, products that underflow, and the smallest numbers of float64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.batches import through_earlier
from conformance.case import Dialect, Inputs, Problem
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.oracle.bounds import scales
from conformance.oracle.solve import owed, solve
from conformance.verdict.ruler import judge

U = 2.0**-24


def history(dtype: Any, batches: int, *, momentum: float = 0.25, scale: float = 1.0) -> Inputs:
    """Batches whose running statistics are kept in a type; seeded by how many there are."""
    rng = np.random.default_rng(batches)
    x = (scale * rng.standard_normal((batches, 6, 3)) + scale / 2).astype(dtype)
    return Inputs(
        x=x[-1],
        earlier=tuple(x[:-1]),
        running_mean=np.ones(3, dtype),
        running_var=np.full(3, 2, dtype),
        momentum=momentum,
    )


def grades(inputs: Inputs, member: str) -> set[str]:
    """Grades of an honest algorithm on the running statistics."""
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    found = judge(case, Dialect(), through_earlier(kernel(PANEL[member].edits), inputs))
    return {str(found[n].grade) for n in ("running_mean", "running_var")}


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("momentum", [0.0, 0.01, 0.25, 0.9, 1.0])
@pytest.mark.parametrize("member", ["two-pass", "interpolated"])
def test_halves_are_rounded_after_every_batch(dtype: Any, momentum: float, member: str) -> None:
    """Up to a hundred batches whose statistics are kept in a half type are grade A."""
    for batches in (2, 3, 12, 100):
        assert grades(history(dtype, batches, momentum=momentum), member) == {"A"}


def test_what_storing_costs_is_allowed_once() -> None:
    """1 and then 1 in float16, m = 1/4: 3/4 of 2^-11 + 2^-25 once, as S in units of 16 u."""
    one = np.ones((4, 1), np.float16)
    inputs = Inputs(
        x=one,
        earlier=(one,),
        running_mean=np.ones(1, np.float16),
        running_var=np.ones(1, np.float16),
        momentum=0.25,
    )
    answers = owed(inputs)
    with_half = scales(inputs, answers)["running_mean"]
    single = replace(
        inputs,
        running_mean=np.ones(1, np.float32),
        running_var=np.ones(1, np.float32),
    )
    lost = float((with_half - scales(single, answers)["running_mean"])[0]) * 16 * U
    assert lost == pytest.approx(0.75 * (2.0**-11 + 2.0**-25), rel=1e-9)


def test_a_wrong_blend_is_still_found() -> None:
    """Three batches in float16 with a momentum that is off by a tenth are F."""
    inputs = history(np.float16, 3)
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    other = replace(inputs, momentum=0.275)
    found = judge(case, Dialect(), through_earlier(kernel(), other))
    assert found["running_mean"].grade == "F"


@pytest.mark.parametrize(("scale", "is_due"), [(100.0, True), (400.0, False)])
def test_what_may_overflow_between_is_not_due(scale: float, *, is_due: bool) -> None:
    """A variance beyond 65504 makes a float16 buffer infinite: what follows has no bound."""
    answers = owed(history(np.float16, 2, scale=scale))
    assert (answers.running_var is not None) is is_due
    assert (answers.running_mean is not None) is is_due
    assert answers.var is not None
    wide = history(np.float32, 2, scale=scale)
    assert owed(wide).running_var is not None


@pytest.mark.parametrize(
    "member", ["two-pass", "dx-folded", "dx-by-sums", "dgamma-folded", "staged"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_of_tiny_gradients_may_underflow(member: str, dtype: Any) -> None:
    """Dy from 2^-10 of the smallest normal number to 2^20 of it, x to 1000 and r to 1000: A."""
    rng = np.random.default_rng(3)
    smallest = float(np.finfo(dtype).smallest_normal)
    for power in range(-10, 21, 3):
        for spread in (1e-3, 1.0, 1e3):
            x = (spread * rng.standard_normal((8, 4)) + 30 * spread).astype(dtype)
            dy = (rng.standard_normal((8, 4)) * smallest * 2.0**power).astype(dtype)
            gamma = np.array([1e-3, 1, 30, -1000], dtype)
            inputs = Inputs(x=x, dy=dy, gamma=gamma, beta=gamma, eps=1e-7)
            case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
            found = judge(case, Dialect(), kernel(PANEL[member].edits)(inputs))
            assert {str(r.grade) for r in found.values()} <= {"A", "B"}


@pytest.mark.parametrize("member", ["two-pass", "sequential", "staged"])
def test_the_smallest_float64_numbers_have_a_bound(member: str) -> None:
    """X of a few times 2^-1074: half of that is 0, and a mean that is off by one step is A."""
    rng = np.random.default_rng(4)
    smallest = float(np.finfo(np.float64).smallest_subnormal)
    for _ in range(20):
        x = rng.integers(-40, 40, (7, 3)) * smallest
        inputs = Inputs(x=x, dy=x[::-1].copy(), beta=np.zeros(3), gamma=np.ones(3))
        case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
        found = judge(case, Dialect(), kernel(PANEL[member].edits)(inputs))
        assert {str(r.grade) for r in found.values()} <= {"A", "B"}


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_dx_of_test_mode_has_a_bound_whatever_x_is(value: float) -> None:
    """Gamma r dy does not depend on x: beside an infinity it is as right as elsewhere."""
    one = np.ones(2, np.float32)
    inputs = Inputs(
        x=np.array([[value, 1], [2, 3]], np.float32),
        dy=np.array([[0.3, 0.1], [0.7, 0.9]], np.float32),
        training=False,
        running_mean=one,
        running_var=3 * one,
    )
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    answers = kernel()(inputs)
    assert judge(case, Dialect(), answers)["dx"].grade == "A"
    off = {"dx": answers["dx"] * np.float32(1 + 1e-5)}
    assert judge(case, Dialect(), off)["dx"].grade == "F"
