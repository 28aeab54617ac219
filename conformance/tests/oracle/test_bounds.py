"""Error scales and units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from conformance.case import Dialect, Inputs, Problem
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.oracle.arithmetic import roundoff
from conformance.oracle.bounds import is_gradable, scales, units
from conformance.oracle.expected import solve_inputs
from conformance.oracle.solve import solve
from conformance.tests.oracle.by_hand import make
from conformance.verdict.ruler import Ruler

F32 = npt.NDArray[np.float32]


def with_offset(offset: float, M: int = 64) -> Inputs:
    """Float32 inputs whose mean is `offset` standard deviations away from 0."""
    inputs = make((M, 3), np.float32, seed=int(offset) + M)
    x = np.asarray(inputs.x - np.float32(1), dtype=np.float32) / np.float32(3)
    return replace(inputs, x=x + np.float32(offset))


def error_units(inputs: Inputs, name: str, actual: npt.NDArray[np.float32]) -> float:
    """The largest error of an output in error units."""
    answers = solve_inputs(inputs)
    unit = units(inputs, getattr(answers, name), scales(inputs, answers)[name], actual.dtype)
    return float((np.abs(actual.astype(np.float64) - getattr(answers, name)) / unit).max())


def two_pass(x: F32) -> F32:
    """The variance as it should be computed."""
    return np.asarray(np.square(x - x.mean(axis=0)).mean(axis=0), dtype=np.float32)


def single_pass(x: F32) -> F32:
    """The variance that cancels."""
    return np.asarray(np.square(x).mean(axis=0) - np.square(x.mean(axis=0)), dtype=np.float32)


@pytest.mark.parametrize("offset", [0.0, 10.0, 100.0, 1000.0])
def test_two_pass_variance_stays_within_grade_a(offset: float) -> None:
    """An honest float32 variance spends far less than 16 units at any offset."""
    inputs = with_offset(offset)
    assert error_units(inputs, "var", two_pass(inputs.x)) < 8


@pytest.mark.parametrize("offset", [100.0, 1000.0])
def test_single_pass_variance_leaves_grade_a(offset: float) -> None:
    """The cancellation of E[x^2] - mean^2 shows in the units."""
    inputs = with_offset(offset)
    assert error_units(inputs, "var", single_pass(inputs.x)) > 16


@pytest.mark.parametrize("variance", [two_pass, single_pass])
def test_single_pass_class_contains_the_single_pass_variance(
    variance: Callable[[F32], F32],
) -> None:
    """Grade C's scale holds what that algorithm loses."""
    inputs = with_offset(100.0)
    answers = solve_inputs(inputs)
    scale = scales(inputs, answers, single_pass=True)["var"]
    assert scale is not None
    assert answers.var is not None
    error = np.abs(variance(inputs.x).astype(np.float64) - answers.var)
    assert (error <= 16 * roundoff(inputs) * scale).all()


def test_scales_bound_the_effect_of_a_perturbation() -> None:
    """Perturbing every input by one unit roundoff moves each output by about its scale at most."""
    inputs = make((32, 4), np.float64, seed=3)
    u, rng = 2.0**-30, np.random.default_rng(1)
    moved = replace(
        inputs,
        x=inputs.x * (1 + u * rng.choice([-1, 1], inputs.x.shape)),
        dy=np.asarray(inputs.dy) * (1 + u * rng.choice([-1, 1], inputs.x.shape)),
    )
    before, after = solve_inputs(inputs), solve_inputs(moved)
    scale = scales(inputs, before)
    for name in ("y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std"):
        change = np.abs(getattr(after, name) - getattr(before, name))
        ratio = float((change / (u * scale[name])).max())
        assert 0.01 < ratio < 2, (name, ratio)


def test_running_statistics_weigh_old_and_new() -> None:
    """The scale of a running statistic is that of its own recursion."""
    inputs = make((32, 2), np.float64, momentum=0.25)
    scale = scales(inputs, solve_inputs(inputs))
    # (1 - m) S + m (old + new): forming old + m (new - old) is allowed for
    wanted = np.abs(np.asarray(inputs.running_mean)) + 0.25 * np.asarray(scale["mean"])
    assert np.allclose(np.asarray(scale["running_mean"]), wanted, rtol=1e-12)


def test_beyond_first_order_is_not_gradable() -> None:
    """At an offset of a million deviations float32 determines no normalized value."""
    assert is_gradable(with_offset(1000.0))
    assert not is_gradable(with_offset(1e6))


def test_half_types_are_held_to_float32_arithmetic() -> None:
    """A half-precision output may be rounded to its type, once; its sums are float32's."""
    inputs = make((8, 2), np.float16)
    assert roundoff(inputs) == 2.0**-24
    answers = solve_inputs(inputs)
    assert answers.y is not None
    unit = units(inputs, answers.y, np.zeros(answers.y.shape), np.dtype(np.float16))
    assert np.allclose(unit, np.abs(answers.y) * 2.0**-11 + 2.0**-25, rtol=1e-12)


def test_test_mode_leaves_no_room_for_the_running_statistics() -> None:
    """After an evaluation call the buffers must be what they were."""
    inputs = make((8, 2), np.float32, training=False)
    scale = scales(inputs, solve_inputs(inputs))
    assert np.asarray(scale["running_mean"]).tolist() == [0.0, 0.0]
    assert np.asarray(scale["running_var"]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("level", [3.3, 90.7, 700.1])
@pytest.mark.parametrize("eps", [1e-5, 1e-3])
def test_dx_of_a_constant_channel_has_room_for_two_errors(level: float, eps: float) -> None:
    """Where x - mean and dgamma should be 0, dx is the product of their errors, and bounded."""
    x = np.full((3, 1), level, dtype=np.float32)
    inputs = Inputs(x=x, dy=np.ones_like(x), eps=eps)
    problem = Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs)
    ruler = Ruler(solve(problem), Dialect())
    for name, member in PANEL.items():
        result = ruler.judge(kernel(member.edits)(inputs))["dx"]
        assert result.grade in ("A", "B"), f"{name}: {result.reason}"
