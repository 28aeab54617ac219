"""Tests of the group `exact`: in it nothing needs rounding, proven with fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from conformance.case import Array, Inputs, Problem
from conformance.cases.catalogue import problems

EXACT = [p for p in problems() if p.group == "exact"]
_BITS = {"float64": 53, "float32": 24, "float16": 24, "bfloat16": 24}
"""Bits of the type that sums are kept in: float32 for half-precision input."""


def _rows(array: Array, inputs: Inputs) -> list[list[Fraction]]:
    moved = np.moveaxis(array.astype(np.float64), inputs.channel_axes[0], 0)
    return [[Fraction(v) for v in row] for row in moved.reshape(moved.shape[0], -1).tolist()]


def _numbers(array: Array | None, channels: int, default: int) -> list[Fraction]:
    if array is None:
        return [Fraction(default)] * channels
    return [Fraction(v) for v in array.astype(np.float64).tolist()]


def _root(value: Fraction) -> Fraction:
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    assert root * root == value, f"{value} is no square"
    return root


def _fits(value: Fraction, bits: int) -> bool:
    """Whether `value` is a binary fraction of at most so many significant bits."""
    odd = abs(value.numerator)
    while odd and odd % 2 == 0:
        odd //= 2
    return odd.bit_length() <= bits and value.denominator & (value.denominator - 1) == 0


def _moments(row: list[Fraction]) -> tuple[Fraction, Fraction]:
    mean = sum(row, Fraction(0)) / len(row)
    return mean, sum(((v - mean) ** 2 for v in row), Fraction(0)) / len(row)


def _statistics(inputs: Inputs) -> list[tuple[Fraction, Fraction]]:
    """Mean and variance per channel that normalize."""
    if inputs.training:
        return [_moments(row) for row in _rows(inputs.x, inputs)]
    channels = inputs.channel_shape[0]
    means = _numbers(inputs.running_mean, channels, 0)
    return list(zip(means, _numbers(inputs.running_var, channels, 1), strict=True))


@pytest.mark.parametrize("problem", EXACT, ids=lambda p: p.id)
def test_sums_are_exact_in_any_order(problem: Problem) -> None:
    """Partial sums of |x|, x^2 and |x - mean|^2 need no more bits than the type of sums has."""
    inputs = problem.inputs
    for batch in (inputs.x, *inputs.earlier):
        for row in _rows(batch, inputs):
            mean, _ = _moments(row)
            step = Fraction(1, math.lcm(mean.denominator, *(v.denominator for v in row)))
            largest = max(
                sum((abs(v) for v in row), Fraction(0)) / step,
                sum((v * v for v in row), Fraction(0)) / step**2,
                sum(((v - mean) ** 2 for v in row), Fraction(0)) / step**2,
            )
            assert step.denominator & (step.denominator - 1) == 0
            assert largest < 2 ** _BITS[str(inputs.x.dtype)]


@pytest.mark.parametrize("problem", EXACT, ids=lambda p: p.id)
def test_statistics_are_exact(problem: Problem) -> None:
    """Mean, variance and inverse standard deviation need no rounding, not even to 8 bits."""
    for mean, var in _statistics(problem.inputs):
        inv_std = 1 / _root(var + Fraction(problem.inputs.eps))
        assert _fits(mean, 8)
        assert _fits(var, 8)
        assert _fits(inv_std, 1)


@pytest.mark.parametrize("problem", EXACT, ids=lambda p: p.id)
def test_outputs_are_exact(problem: Problem) -> None:
    """y, dgamma and dbeta need no rounding to their type, and dx none to float32."""
    inputs = problem.inputs
    assert inputs.dy is not None
    y_bits = {"float16": 11, "bfloat16": 24}.get(str(inputs.x.dtype), 24)
    gammas = _numbers(inputs.gamma, inputs.channel_shape[0], 1)
    betas = _numbers(inputs.beta, inputs.channel_shape[0], 0)
    x, dy = _rows(inputs.x, inputs), _rows(inputs.dy, inputs)
    for c, (mean, var) in enumerate(_statistics(inputs)):
        inv_std = 1 / _root(var + Fraction(inputs.eps))
        x_hat = [(v - mean) * inv_std for v in x[c]]
        dbeta = sum(dy[c], Fraction(0))
        dgamma = sum((d * v for d, v in zip(dy[c], x_hat, strict=True)), Fraction(0))
        assert all(_fits(gammas[c] * v + betas[c], y_bits) for v in x_hat)
        assert _fits(dbeta, 11)
        assert _fits(dgamma, 11)
        for d, v in zip(dy[c], x_hat, strict=True):
            terms = (dbeta + v * dgamma) / inputs.count if inputs.training else 0
            assert _fits(gammas[c] * inv_std * (d - terms), 24)


@pytest.mark.parametrize("problem", EXACT, ids=lambda p: p.id)
def test_running_statistics_are_exact(problem: Problem) -> None:
    """Every update of the running statistics, N-1 correction included, fits into float32."""
    inputs, m = problem.inputs, Fraction(problem.inputs.momentum)
    batches = (*inputs.earlier, inputs.x) if inputs.training else ()
    means = _numbers(inputs.running_mean, inputs.channel_shape[0], 0)
    variances = _numbers(inputs.running_var, inputs.channel_shape[0], 1)
    bits = 11 if str(inputs.parameter_dtype) == "float16" else 24
    for batch in batches:
        for c, (mean, var) in enumerate(map(_moments, _rows(batch, inputs))):
            means[c] += m * (mean - means[c])
            variances[c] += m * (var * inputs.count / (inputs.count - 1) - variances[c])
            assert _fits(means[c], bits)
            assert _fits(variances[c], bits)


def test_the_group_covers_types_modes_and_layouts() -> None:
    """Exact problems exist in float64, float32, half precision, both modes, images, sequences."""
    assert {str(p.inputs.x.dtype) for p in EXACT} == {"float64", "float32", "float16", "bfloat16"}
    assert {p.inputs.training for p in EXACT} == {True, False}
    assert {p.inputs.x.ndim for p in EXACT} >= {2, 4}
    assert {p.inputs.count for p in EXACT} >= {4, 8, 16}
    assert any(p.inputs.earlier for p in EXACT)
