"""Errors of an output in its units, against plain Python, element by element."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.verdict.yardstick import Yardstick

SPECIAL = (math.nan, math.inf, -math.inf, 0.0, 3e38, -3.4028e38)


def slowly(actual: float, expected: float, unit: float, limit: float) -> float:
    """The error of one float32 element by the rules that the module states."""
    same = actual == expected or (math.isnan(actual) and math.isnan(expected))
    if same or (math.isinf(expected) and math.isnan(actual)):
        return 0.0
    overflow = float(np.finfo(np.float32).max) * (1 + 2.0**-25)
    bound = limit * unit if math.isfinite(unit) else 0.0
    if math.isinf(actual) and abs(expected) + bound >= overflow and actual * expected > 0:
        return 0.0
    if not math.isfinite(actual - expected) or not math.isfinite(unit):
        return math.inf
    return abs(actual - expected) / unit if unit else math.inf


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_errors_are_those_of_plain_python(seed: int, share: float) -> None:
    """Ordinary and special values get the error that the stated rules give, and the worst place."""
    draw = np.random.default_rng(seed)
    expected, actual = draw.normal(size=30), draw.normal(size=30)
    for values in (expected, actual):
        chosen = draw.random(30) < share
        values[chosen] = draw.choice(SPECIAL, chosen.sum())
    unit = np.where(draw.random(30) < share / 3, 0.0, draw.uniform(0.1, 1.0, 30))
    actual = np.where(draw.random(30) < 0.3, expected, actual).astype(np.float32)
    stick = Yardstick(expected, unit, 16.0, np.dtype(np.float32))
    error, worst = stick.measure(actual)
    wanted = [
        slowly(float(a), float(e), float(u), 16.0)
        for a, e, u in zip(actual, expected, unit, strict=True)
    ]
    assert error.tolist() == wanted
    assert wanted[worst.index[0]] == max(wanted)
    assert worst.bound == 16.0 * unit[worst.index]


def test_what_overflows_within_its_bound_is_settled() -> None:
    """An infinity is right where the exact value is within its bound of the type's overflow."""
    near = np.array([float(np.finfo(np.float32).max)])
    stick = Yardstick(near, near * 1e-6, 16.0, np.dtype(np.float32))
    assert stick.measure(np.array([np.inf], np.float32))[0].tolist() == [0.0]
    assert stick.measure(np.array([-np.inf], np.float32))[0].tolist() == [math.inf]
