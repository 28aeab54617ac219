"""Correctly rounded batch normalization, slow and plain, to hold the proof against.

Every formula is the textbook's, in fractions; the one square root is enclosed by mpmath at
growing precision until both ends round to the same float64 (Ziv's strategy).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]  # it ships no annotations
import numpy as np

from conformance.case import Array, Case, Inputs, Outputs, Problem


def rounded(value: Fraction) -> float:
    """`value` as float64, ties to even, overflow to infinity; Python divides integers so."""
    try:
        return float(value) + 0.0  # an underflow is +0
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def rounded_line(shift: Fraction, scale: Fraction, V: Fraction) -> float:
    """``shift + scale / sqrt(V)`` as float64."""
    exact = [math.isqrt(part) for part in (V.numerator, V.denominator)]
    if Fraction(exact[0] ** 2, exact[1] ** 2) == V:
        return rounded(shift + scale / Fraction(*exact))
    for digits in range(8, 24):
        with mpmath.workprec(2**digits):
            root = 1 / mpmath.sqrt(mpmath.mpf(V.numerator) / V.denominator)
            middle = Fraction(*mpmath.libmp.to_rational(root._mpf_))
        margin = middle / 2 ** (2**digits - 4)
        ends = [shift + scale * (middle + side * margin) for side in (-1, 1)]
        low, high = (rounded(end) for end in ends)
        if low == high:
            return low
    raise ArithmeticError(f"{shift} + {scale} / sqrt({V}) could not be rounded")


def solve_slowly(inputs: Inputs, name: str = "test/case") -> Case:
    """The case of `inputs`, all of whose inputs are finite, with every output that is due."""
    channels = list(np.ndindex(*inputs.channel_shape))
    found = [_channel(inputs, where) for where in channels]
    outputs: dict[str, Array] = {}
    for output in found[0]:
        if output in {"y", "dx"}:
            outputs[output] = np.empty(inputs.x.shape)
            for where, values in zip(channels, found, strict=True):
                outputs[output][_place(inputs, where)] = values[output]
        else:
            flat = [values[output] for values in found]
            outputs[output] = np.array(flat, dtype=np.float64).reshape(inputs.channel_shape)
    return case_of(inputs, Outputs(**outputs), name)


def case_of(inputs: Inputs, expected: Outputs, name: str = "test/case") -> Case:
    """`inputs` and `expected` as a case."""
    problem = Problem(id=name, group="test", catches="nothing", made="by hand", inputs=inputs)
    return Case(problem=problem, expected=expected)


def _place(inputs: Inputs, where: tuple[int, ...]) -> tuple[int | slice, ...]:
    place: list[int | slice] = [slice(None)] * inputs.x.ndim
    for axis, i in zip(inputs.channel_axes, where, strict=True):
        place[axis] = i
    return tuple(place)


def _fractions(array: Array) -> list[Fraction]:
    return [Fraction(v) for v in array.astype(np.float64).ravel().tolist()]


def _moments(x: list[Fraction]) -> tuple[Fraction, Fraction]:
    mean = sum(x, Fraction(0)) / len(x)
    return mean, sum(((v - mean) ** 2 for v in x), Fraction(0)) / len(x)


def _channel(inputs: Inputs, where: tuple[int, ...]) -> dict[str, Array | float]:
    place = _place(inputs, where)
    shape = inputs.x[place].shape

    def parameter(array: Array | None, absent: int) -> Fraction:
        return Fraction(absent) if array is None else Fraction(float(array[where]))

    x = _fractions(inputs.x[place])
    gamma, beta = parameter(inputs.gamma, 1), parameter(inputs.beta, 0)
    mean, var = parameter(inputs.running_mean, 0), parameter(inputs.running_var, 0)
    found: dict[str, Array | float] = {}
    if inputs.running_mean is not None:
        found |= _running(inputs, place, mean, var)
    if inputs.training:
        mean, var = _moments(x)
        found |= {"mean": rounded(mean), "var": rounded(var)}
    V = var + Fraction(inputs.eps)

    def row(scales: list[Fraction], shift: Fraction) -> Array:
        return np.array([rounded_line(shift, s, V) for s in scales]).reshape(shape)

    found["inv_std"] = rounded_line(Fraction(0), Fraction(1), V)
    found["y"] = row([gamma * (v - mean) for v in x], beta)
    if inputs.dy is not None:
        dy = _fractions(inputs.dy[place])
        product = sum((d * (v - mean) for d, v in zip(dy, x, strict=True)), Fraction(0))
        total, M = sum(dy, Fraction(0)), len(x)
        found["dbeta"] = rounded(total)
        found["dgamma"] = rounded_line(Fraction(0), product, V)
        if inputs.training:
            pairs = zip(dy, x, strict=True)
            dy = [d - total / M - (v - mean) * product / (M * V) for d, v in pairs]
        found["dx"] = row([gamma * d for d in dy], Fraction(0))
    return found


def _running(
    inputs: Inputs, place: tuple[int | slice, ...], mean: Fraction, var: Fraction
) -> dict[str, Array | float]:
    m, M = Fraction(inputs.momentum), inputs.count
    batches = [_moments(_fractions(b[place])) for b in (*inputs.earlier, inputs.x)]
    if not inputs.training:
        batches = []

    def after(start: Fraction, new: Callable[[Fraction, Fraction], Fraction]) -> float:
        for batch in batches:
            start = (1 - m) * start + m * new(*batch)
        return rounded(start)

    found: dict[str, Array | float] = {
        "running_mean": after(mean, lambda mu, _: mu),
        "running_var_biased": after(var, lambda _, v: v),
    }
    if M > 1 or not inputs.training:
        found["running_var"] = after(var, lambda _, v: v * M / (M - 1))
    return found
