"""The exact answers."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.case import Inputs
from conformance.errors import InputError
from conformance.oracle import expected
from conformance.oracle.channels import by_channel
from conformance.oracle.expected import solve_inputs
from conformance.tests.oracle.by_hand import batch_norm, make

LAYOUTS = [((6, 4), 1), ((3, 2, 5), 1), ((2, 3, 4, 3), 1), ((2, 3, 4, 3), -1), ((2, 2, 2, 3, 2), 1),
           ((2, 2, 2, 2, 3), 4), ((3, 2, 2, 2), (1, 2, 3)), ((5, 3, 4), 0)]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("shape", "axis"), LAYOUTS)
def test_agrees_with_high_precision(
    shape: tuple[int, ...],
    axis: Any,
    training: bool,
    dtype: Any,
) -> None:
    """Every layout, type and mode gives the same float64 as 400 digits of the paper's formulas."""
    inputs = make(shape, dtype, axis=axis, training=training)
    answers, hand = solve_inputs(inputs), batch_norm(inputs)
    for name, value in answers.items().items():
        if name.startswith("running"):
            continue
        mine = by_channel(value, inputs).tolist() if name in {"y", "dx"} else value.ravel().tolist()
        assert mine == hand[name], name


@pytest.mark.parametrize("shape_axis", LAYOUTS)
def test_running_statistics_are_exact(shape_axis: Any) -> None:
    """The running statistics are the exact recursion, both corrections, rounded once."""
    shape, axis = shape_axis
    inputs = make(shape, np.float32, axis=axis, momentum=0.3)
    inputs = replace(inputs, earlier=(inputs.x[::-1] * np.float32(2), inputs.x + np.float32(1)))
    answers = solve_inputs(inputs)
    assert answers.running_mean is not None
    m = Fraction(0.3)
    for c in range(answers.running_mean.size):
        assert inputs.running_mean is not None
        assert inputs.running_var is not None
        mean = Fraction(float(inputs.running_mean.ravel()[c]))
        var = biased = Fraction(float(inputs.running_var.ravel()[c]))
        for batch in (*inputs.earlier, inputs.x):
            values = [Fraction(v) for v in by_channel(batch, inputs)[c].astype(float).tolist()]
            center = sum(values, Fraction(0)) / len(values)
            squares = sum(((v - center) ** 2 for v in values), Fraction(0))
            mean = (1 - m) * mean + m * center
            var = (1 - m) * var + m * squares / (len(values) - 1)
            biased = (1 - m) * biased + m * squares / len(values)
        found = (answers.running_mean, answers.running_var, answers.running_var_biased)
        got = tuple(float(a.ravel()[c]) for a in found if a is not None)
        assert got == (float(mean), float(var), float(biased))


def test_true_tie_is_decided() -> None:
    """A rational root with an exact tie, which no precision of ball arithmetic decides, ends."""
    x = np.array([[1.0], [-1.0]])
    gamma, beta = np.array([1.5 * (1 + 2.0**-51)]), np.array([2.0**-53])
    y = expected(x, gamma, beta, x, eps=1.25).y
    assert y is not None
    root = Fraction(2, 3)
    for value, sign in zip(y.ravel().tolist(), (1, -1), strict=True):
        exact = sign * Fraction(gamma[0]) * root + Fraction(beta[0])
        assert value == exact.numerator / exact.denominator


def test_exact_zero_of_dx_is_plus_zero() -> None:
    """The gradient dx is +0, not a rounding residue, where the exact value is 0."""
    x = np.array([[1.0], [2.0], [4.0]])
    dx = expected(x, None, None, np.full((3, 1), 0.1), eps=1e-3).dx
    assert dx is not None
    assert dx.tolist() == [[0.0], [0.0], [0.0]]
    assert not np.signbit(dx).any()


def test_subnormal_and_overflowing_results_are_rounded_once() -> None:
    """Results below the normal range and beyond the largest number are rounded correctly."""
    x, dy = np.array([[1.0], [-1.0], [0.5]]), np.array([[3e-320], [1e-320], [-2e-320]])
    inputs = Inputs(x=x, dy=dy, gamma=np.array([0.37]), beta=np.array([0.0]))
    answers = solve_inputs(inputs)
    assert answers.dx is not None
    assert by_channel(answers.dx, inputs).tolist() == batch_norm(inputs)["dx"]
    huge = expected(x, np.array([1.7e308]), np.array([1.7e308]), dy)
    assert huge.y is not None
    assert huge.y[0, 0] == math.inf


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6), st.floats(1e-12, 0.5))
@settings(deadline=None, max_examples=60)
def test_any_finite_channel_agrees_with_high_precision(values: list[float], eps: float) -> None:
    """Exponents may lie anywhere between subnormal and 1e300 within one channel."""
    x = np.array(values).reshape(-1, 1)
    inputs = Inputs(x=x, dy=x[::-1] * 0.5, eps=eps)
    answers, hand = solve_inputs(inputs), None
    with np.errstate(all="ignore"):
        hand = batch_norm(inputs)
    for name in ("mean", "inv_std", "var", "dbeta"):
        assert getattr(answers, name).tolist() == hand[name], name
    assert answers.y is not None
    assert answers.y.ravel().tolist() == hand["y"][0]


@pytest.mark.parametrize("eps_outside", [False, True])
def test_nan_stays_in_its_channel(eps_outside: bool) -> None:
    """A NaN makes its channel NaN, except dbeta, and leaves the other channel exact."""
    inputs = make((4, 2), np.float64)
    clean = solve_inputs(inputs, eps_outside=eps_outside)
    x = inputs.x.copy()
    x[1, 0] = np.nan
    dirty = solve_inputs(replace(inputs, x=x), eps_outside=eps_outside)
    for name, value in dirty.items().items():
        other = getattr(clean, name)
        assert np.array_equal(value[..., 1], other[..., 1]), name
        assert np.isnan(value[..., 0]).all() == (name != "dbeta"), name


def test_infinite_running_variance_gives_plus_zero() -> None:
    """Zeros are +0 also where an infinite variance makes them."""
    rv = np.array([np.inf])
    answers = solve_inputs(make((4, 1), np.float64, training=False, running_var=rv, beta=None))
    for value in (answers.y, answers.dx):
        assert np.asarray(value).ravel().tolist() == [0.0] * 4
        assert not np.signbit(np.asarray(value)).any()


def test_running_mean_beside_an_infinite_running_variance_is_exact() -> None:
    """One statistic that is not finite leaves the other exactly rounded."""
    inputs = make((5, 1), np.float64, momentum=0.3)
    dirty = solve_inputs(replace(inputs, running_var=np.array([np.inf])))
    assert np.array_equal(
        np.asarray(dirty.running_mean), np.asarray(solve_inputs(inputs).running_mean)
    )
    assert np.isinf(np.asarray(dirty.running_var)).all()


def test_infinity_in_test_mode_touches_its_element() -> None:
    """In test mode an infinite x gives an infinite y there, and its channel's dgamma."""
    inputs = make((4, 2), np.float64, training=False)
    x = inputs.x.copy()
    x[1, 0] = np.inf
    clean, dirty = solve_inputs(inputs), solve_inputs(replace(inputs, x=x))
    assert dirty.y is not None
    assert clean.y is not None
    assert dirty.dgamma is not None
    assert np.isinf(dirty.y[1, 0])
    assert np.array_equal(np.delete(dirty.y.ravel(), 2), np.delete(clean.y.ravel(), 2))
    assert not np.isfinite(dirty.dgamma[0])
    assert np.array_equal(np.asarray(dirty.dx), np.asarray(clean.dx))


@pytest.mark.parametrize("eps_outside", [False, True])
@pytest.mark.parametrize("gamma", [np.inf, -np.inf, np.nan])
def test_a_wild_gamma_needs_no_gradient(gamma: float, *, eps_outside: bool) -> None:
    """A forward pass alone has answers, whatever gamma is: y of its sign, and NaN for NaN."""
    call = Inputs(x=np.array([[0.0], [1.0]]), gamma=np.array([gamma]), eps=1.0)
    found = solve_inputs(call, eps_outside=eps_outside)
    assert found.y is not None
    assert np.array_equal(found.y[:, 0], [-gamma, gamma], equal_nan=True)
    assert found.dx is None


def test_constant_channel_without_eps_is_undefined() -> None:
    """With variance + eps = 0 the root does not exist: y is NaN and inv_std infinite."""
    answers = expected(np.ones((3, 1)), None, None, np.ones((3, 1)), eps=0.0)
    assert answers.y is not None
    assert answers.inv_std is not None
    assert np.isnan(answers.y).all()
    assert np.isinf(answers.inv_std).all()


def test_constant_channel_has_a_gradient_with_eps_outside() -> None:
    """At sigma = 0 the derivative of (x - mean) / (sigma + eps) is that of its first factor."""
    inputs = Inputs(x=np.ones((4, 1)), dy=np.array([[1.0], [2.0], [4.0], [5.0]]), eps=0.5)
    answers = solve_inputs(inputs, eps_outside=True)
    assert np.asarray(answers.dx).ravel().tolist() == [-4.0, -2.0, 2.0, 4.0]


def test_negative_running_variance_has_no_sigma() -> None:
    """With eps outside the root a negative variance has none, whatever eps is."""
    inputs = make((4, 1), np.float64, training=False, eps=0.5, running_var=np.array([-0.25]))
    assert np.isnan(np.asarray(solve_inputs(inputs, eps_outside=True).y)).all()
    assert np.isfinite(np.asarray(solve_inputs(inputs).y)).all()


def test_one_value_per_channel_has_no_unbiased_variance() -> None:
    """With M = 1 the N-1 variance does not exist and is not given."""
    answers = solve_inputs(make((1, 3), np.float32))
    assert answers.running_var is None
    assert answers.running_var_biased is not None


def test_empty_batch_has_empty_sums() -> None:
    """An empty batch has no statistics, gradients of 0, and leaves the running ones as they are."""
    inputs = make((0, 3), np.float32)
    answers = solve_inputs(inputs)
    running = {"running_mean", "running_var", "running_var_biased"}
    assert answers.items().keys() == {"y", "dx", "dgamma", "dbeta"} | running
    assert np.asarray(answers.dgamma).tolist() == [0.0, 0.0, 0.0]
    assert np.array_equal(np.asarray(answers.running_mean), np.asarray(inputs.running_mean))
    assert np.array_equal(np.asarray(answers.running_var), np.asarray(inputs.running_var))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dy": np.ones((3, 4))}, "dy has shape"),
        ({"gamma": np.ones(3)}, "gamma has shape"),
        ({"axis": 5}, "axis 5"),
        ({"axis": ()}, "no channel axis"),
        ({"eps": -1.0}, "eps is -1.0"),
        ({"momentum": math.nan}, "momentum is nan"),
        ({"x": np.ones((6, 4), dtype=np.int64)}, "x has type int64"),
        ({"running_var": None}, "one of running_mean and running_var"),
        ({"running_mean": None, "running_var": None, "training": False}, "test mode"),
    ],
)
def test_bad_inputs_are_refused_with_their_value(change: dict[str, Any], words: str) -> None:
    """What batch normalization is not defined on is refused, and the message shows it."""
    with pytest.raises(InputError, match=words):
        solve_inputs(replace(make((6, 4), np.float64), **change))


@pytest.mark.parametrize("training", [True, False])
def test_eps_outside_the_root_agrees_with_high_precision(training: bool) -> None:
    """The sigma + eps dialect is exact too, gradient included."""
    inputs = make((6, 3), np.float32, training=training, eps=0.125)
    x = inputs.x.copy()
    x[:, 0] = [1, -1, 1, -1, 1, -1]  # a rational sigma
    inputs = replace(inputs, x=x)
    answers, hand = solve_inputs(inputs, eps_outside=True), batch_norm(inputs, eps_outside=True)
    for name, value in answers.items().items():
        if name.startswith("running"):
            continue
        mine = by_channel(value, inputs).tolist() if name in {"y", "dx"} else value.tolist()
        assert mine == hand[name], name
