"""Whether an output is what a fault produces: every rule at its edge, with faults made for it.

Two channels of two values: dy = 1/2 makes dbeta = 1 with S = 1, so that its unit is u = 2^-24 in
float32.  A fault that returns 3 for dbeta may be off by 16 (unit + u_out 3 + u 3 + noise): the
bound of the right answer, the rounding of the value, that of the largest value of the channel, and
what float32 does to the fault's own formula.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Actual, Array, Case, Dialect, Inputs, Problem
from conformance.faults.fault import Fault, Lots
from conformance.faults.match import Prediction
from conformance.faults.sheet import Edits, Formula
from conformance.oracle.solve import solve
from conformance.verdict.ruler import Ruler

U, U64 = 2.0**-24, 2.0**-53


def case(dtype: Any = np.float32, **more: Any) -> Case:
    """Two channels, x = [1, 1] and dy = [1/2, 1/2] in each."""
    one = np.ones(2, dtype)
    given = {
        "x": np.ones((2, 2), dtype), "dy": np.full((2, 2), 0.5, dtype), "gamma": one, "beta": one,
        "running_mean": 0 * one, "running_var": one, "eps": 3.0,
    }  # fmt: skip
    inputs = Inputs(**{**given, **more})
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def fault(
    edits: Edits, *, lots: Lots | None = None, touches: tuple[str, ...] = ("dbeta",), **more: Any
) -> Fault:
    """A fault with these edits."""
    words: dict[str, Any] = dict.fromkeys(("id", "title", "math", "shows", "hides"), "-")
    return Fault(mode="both", edits=edits, lots=lots, touches=touches, **words, **more)


def constant(value: float, cell: str = "dbeta") -> Fault:
    """A fault that returns a number whatever it is given."""
    return fault({cell: lambda s: np.full((2, 1), value, s.work)}, touches=(cell,))


def prediction(of: Fault, on: Case) -> Prediction:
    """What it would have produced in the usual dialect."""
    return Prediction(of, on, Ruler(on, Dialect()), Dialect())


def agrees(of: Fault, on: Case, actual: Array, name: str = "dbeta") -> bool:
    """Whether an output is what a fault produces."""
    return prediction(of, on).agrees(name, actual)


def both(value: float, dtype: Any = np.float32) -> Array:
    """A number in each channel."""
    return np.full(2, value, dtype)


def beside(value: float, dtype: Any = np.float32) -> Array:
    """The number in one channel, and 3 in the other."""
    return np.array([3.0, value], dtype)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_output_agrees_within_the_error_of_the_faults_formula(sign: int) -> None:
    """16 (u 1 + u 3 + u 3) = 112 u, 28 steps of float32 at 3; the 29th is out."""
    assert agrees(constant(3.0), case(), both(3.0))
    assert agrees(constant(3.0), case(), beside(3 + sign * 112 * U))
    assert not agrees(constant(3.0), case(), beside(3 + sign * 116 * U))


def test_a_statistic_that_is_kept_wider_is_rounded_as_what_it_is() -> None:
    """The mean in float64: 16 (u 1 + 2^-53 3 + u 3), its unit for A1 = 1."""
    edge = 3 + 64 * U + 48 * U64
    wide = np.float64
    assert agrees(constant(3.0, "mean"), case(), beside(edge, wide), "mean")
    assert not agrees(constant(3.0, "mean"), case(), beside(edge + 4 * U64, wide), "mean")


def test_double_precision_has_its_own_roundoff() -> None:
    """The same in float64, with u = 2^-53: 112 u, in steps of 4 u."""
    double = case(np.float64)
    assert agrees(constant(3.0), double, beside(3 + 112 * U64, np.float64))
    assert not agrees(constant(3.0), double, beside(3 + 116 * U64, np.float64))


def test_the_largest_value_of_a_channel_rounds_the_others() -> None:
    """Test mode, r = 1/2, x = [1, 1]: S_y = r (1 + 1) + |beta| = 2; values 0 and 1024.

    The first may be off by 16 (2 u + 0 + 1024 u), the other channel's 4096 has no say.
    """
    at = np.array([[0.0, 1024.0], [4096.0, 4096.0]], np.float32)
    made = fault({"y": lambda s: at.astype(s.work)}, touches=("y",))
    tested = case(training=False)
    for edge, fits in ((16 * 1026 * U, True), (16 * 1026.01 * U, False)):
        actual = at.copy()
        actual[0, 0] = edge
        assert agrees(made, tested, actual.T, "y") is fits


def _absorbed(value: float) -> Formula:
    """`value` in float64; 0 in float32, where 2^24 absorbs 1."""
    return lambda s: np.full((2, 1), value * float((s.work(2**24) + s.work(1)) - s.work(2**24)))


def test_what_single_precision_does_to_the_formula_is_allowed_for() -> None:
    """A formula that gives 1 exactly and 0 in float32 may be off by 16 (u 1 + 2 u 1 + 1)."""
    made = fault({"dbeta": _absorbed(1.0)})
    assert agrees(made, case(), both(0.0))
    assert agrees(made, case(), both(17 + 32 * U))
    assert not agrees(made, case(), both(17 + 64 * U))


def test_double_precision_loses_the_part_of_it_that_it_is_finer() -> None:
    """The noise of float32 counts 2^-29 of itself in float64: 16 (2^-29 + 3 2^-53)."""
    made, double = fault({"dbeta": _absorbed(1.0)}), case(np.float64)
    edge = 1 + 2.0**-25 + 48 * U64
    assert agrees(made, double, both(edge, np.float64))
    assert not agrees(made, double, both(edge + 2 * U64, np.float64))


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        (lambda s: np.full((2, 1), s.work(2) ** s.work(130)), np.inf),  # infinite in float32
        (lambda s: np.full((2, 1), s.work(2) ** s.work(130) / s.work(2) ** s.work(130)), 1.0),
    ],
)
def test_noise_that_is_no_number_excuses_nothing(formula: Formula, right: float) -> None:
    """Where float32 overflows or ends in NaN, the noise is none and not without end."""
    assert agrees(fault({"dbeta": formula}), case(), both(right))
    assert not agrees(fault({"dbeta": formula}), case(), both(5.0))


def test_a_formula_that_overflows_in_single_precision_is_held_to_its_value() -> None:
    """2^130 2^-130 is 1, and infinite in float32: 16 (u 1 + 2 u 1) around 1, and no noise."""
    made = fault({"dbeta": lambda s: np.full((2, 1), s.work(2) ** s.work(130) * s.work(2**-130))})
    assert agrees(made, case(), both(1 + 48 * U))
    assert not agrees(made, case(), both(1 + 50 * U))


def test_nothing_is_rounded_where_nothing_is() -> None:
    """A fault that returns 0 has the bound of the right answer alone: 16 u 1."""
    assert agrees(constant(0.0), case(), both(16 * U))
    assert not agrees(constant(0.0), case(), both(16.01 * U))


LARGE = float(np.finfo(np.float32).max) * 2.0**-24


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_near_the_end_of_the_type_one_kernel_overflows_and_another_does_not(value: float) -> None:
    """From 2^-24 of the largest number on, any overflow agrees; the float below it is too small."""
    below = float(np.nextafter(np.float32(LARGE), np.float32(0)))
    assert agrees(constant(LARGE), case(), both(value))
    assert agrees(constant(-LARGE), case(), both(value))
    assert not agrees(constant(below), case(), both(value))
    assert agrees(constant(np.nan), case(), both(value))


def test_a_number_does_not_agree_with_what_is_none() -> None:
    """A fault that gives NaN or infinity explains no finite answer."""
    assert not agrees(constant(np.nan), case(), both(3.0))
    assert not agrees(constant(np.inf), case(), both(3.0))
    assert not agrees(constant(3.0), case(), beside(np.nan))


def of_chance(ways: int) -> Fault:
    """A fault that gives 3, 4, ... for dbeta, in each channel another."""
    return fault({"dbeta": lambda s: (3.0 + s.lot).astype(s.work)}, lots=lambda _: ways)


def test_each_channel_may_come_out_in_its_own_way() -> None:
    """Chance decides for every channel by itself; what no way gives does not agree."""
    two = prediction(of_chance(2), case())
    for values, fits in (([3, 4], True), ([4, 3], True), ([4, 4], True), ([3, 5], False)):
        assert two.agrees("dbeta", np.array(values, np.float32)) is fits


@pytest.mark.parametrize(("ways", "too_many"), [(40, False), (41, True)])
def test_more_than_40_ways_are_not_looked_at(ways: int, *, too_many: bool) -> None:
    """A fault that can come out in 41 ways is neither seen nor refuted."""
    found = prediction(of_chance(ways), case())
    assert found.too_many is too_many
    assert found.agrees("dbeta", both(3.0)) is not too_many
    assert found.deviates("dbeta") is not too_many


def test_chance_in_earlier_batches_is_too_much() -> None:
    """With batches before, chance that is drawn in each of them has too many ways."""
    before = case(earlier=(np.ones((2, 2), np.float32),))
    assert prediction(of_chance(2), before).too_many
    assert not prediction(constant(3.0), before).too_many


def test_a_fault_deviates_where_its_output_fails() -> None:
    """Graded F, and neither A (16 units) nor B (two terms: below 40); one way will do."""
    assert prediction(constant(3.0), case()).deviates("dbeta")
    assert not prediction(constant(1 + 16 * U), case()).deviates("dbeta")
    assert prediction(constant(1 + 60 * U), case()).deviates("dbeta")
    some = fault({"dbeta": lambda s: (1.0 + s.lot).astype(s.work)}, lots=lambda _: 2)
    found = prediction(some, case())
    assert [found.deviates("dbeta") for _ in range(2)] == [True, True]


def test_a_fault_says_nothing_of_outputs_that_are_not_there() -> None:
    """An output that is not returned, or that nobody owes, neither deviates nor agrees."""
    silent = fault({"delivered": lambda _: lambda outputs: {"y": outputs["y"]}})
    assert not prediction(silent, case()).deviates("dbeta")
    assert not agrees(silent, case(), both(1.0))
    nobodys = case(beta=None)
    extra = fault({"outputs": lambda _: ["y", "dbeta"]})
    assert not prediction(extra, nobodys).deviates("dbeta")
    assert not agrees(extra, nobodys, both(1.0))


def test_a_fault_exists_in_its_types_alone() -> None:
    """A fault of half types is no fault of a float32 call."""
    half = replace(constant(3.0), types=("float16",))
    assert not prediction(half, case()).deviates("dbeta")
    assert not agrees(half, case(), both(3.0))
    assert agrees(half, case(np.float16), both(3.0, np.float16))


def misshapen(found: Actual) -> Actual:
    """The gradient of beta as a column."""
    return {**found, "dbeta": found["dbeta"].reshape(2, 1)}


def test_a_wrong_shape_agrees_with_the_same_wrong_shape() -> None:
    """Without a bound of its own: 16 (0 + u 3 + u 3) = 96 u around 3."""
    made = fault({"dbeta": lambda s: np.full((2, 1), 3, s.work), "delivered": lambda _: misshapen})
    for step, fits in ((0, True), (96, True), (100, False)):
        assert agrees(made, case(), both(3 + step * U).reshape(2, 1)) is fits
    assert not agrees(made, case(), both(3.0))  # a right shape beside a wrong one
    assert not agrees(constant(3.0), case(), both(3.0).reshape(2, 1))
    assert not agrees(made, case(), both(3.0, np.float64).reshape(2, 1))


def test_a_wrong_type_agrees_with_the_same_wrong_type() -> None:
    """The gradient of float32 parameters in float64 is the fault, whatever its value."""
    made = fault(
        {
            "dbeta": lambda s: np.full((2, 1), 3, s.work),
            "delivered": lambda _: lambda out: {**out, "dbeta": out["dbeta"].astype(np.float64)},
        }
    )
    assert agrees(made, case(), both(3.0, np.float64))
    assert not agrees(made, case(), both(3.0))
    assert not agrees(constant(3.0), case(), both(3.0, np.float64))


def test_an_empty_batch_agrees_with_an_empty_answer() -> None:
    """There is no largest value in it, and nothing that could differ."""
    empty = case(x=np.zeros((0, 2), np.float32), dy=np.zeros((0, 2), np.float32))
    assert agrees(fault({}, touches=("y",)), empty, np.zeros((0, 2), np.float32), "y")


def test_an_infinity_excuses_nothing_in_its_channel() -> None:
    """Beside a predicted infinity, other elements are held to what is predicted for them."""
    at = np.array([[np.inf, 1.0], [2.0, 2.0]], np.float32)
    made = fault({"y": lambda s: at.astype(s.work)}, touches=("y",))
    assert agrees(made, case(), at.T, "y")
    assert not agrees(made, case(), np.array([[np.inf, 5.0], [2.0, 2.0]], np.float32).T, "y")


def test_an_infinity_is_no_size_that_rounds_its_channel() -> None:
    """Beside a predicted infinity 0 may be off by 16 u S_y: test mode, 1/2 (1 + 1) + |beta| = 2."""
    at = np.array([[np.inf, 0.0], [2.0, 2.0]], np.float32)
    made = fault({"y": lambda s: at.astype(s.work)}, touches=("y",))
    for edge, fits in ((32 * U, True), (32.01 * U, False)):
        actual = np.where(at == 0, np.float32(edge), at).T
        assert agrees(made, case(training=False), actual, "y") is fits


@pytest.mark.parametrize(("units", "moves"), [(8, False), (10, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_half_a_bound_moves_nothing_in_float64(sign: int, units: int, *, moves: bool) -> None:
    """What is called exact is rounded to float64 as well: 8 of the 16 units are no fault's."""
    made = constant(1 + sign * units * U64)
    assert prediction(made, case(np.float64)).moves("dbeta") is moves


def test_the_same_infinity_and_nan_are_right() -> None:
    """Where infinity or NaN is due, a fault that gives it changes nothing."""
    for value in (np.inf, -np.inf, np.nan):
        dy = np.array([[value, 0.5], [0.5, 0.5]], np.float32)
        made = fault({"dbeta": lambda s: s.correct("dbeta")})
        assert not prediction(made, case(dy=dy)).moves("dbeta")
        made = fault({"dbeta": lambda s: np.zeros_like(s.correct("dbeta"))})
        assert prediction(made, case(dy=dy)).moves("dbeta")
