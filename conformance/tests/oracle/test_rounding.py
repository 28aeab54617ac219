"""One rounding, proven correct."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]  # not annotated upstream
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.oracle import rounding
from conformance.oracle.rounding import integers, round_integers, round_surds


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_integers_hold_the_floats_exactly(values: list[float]) -> None:
    """Every finite float comes apart into an integer and a common power of two, without loss."""
    numbers, exponent = integers(np.array(values))
    scale = Fraction(2) ** exponent
    assert [Fraction(v) for v in values] == [n * scale for n in numbers]


@given(st.integers(-(2**70), 2**70), st.integers(-1200, 1000))
def test_integers_are_rounded_once_at_any_size(number: int, exponent: int) -> None:
    """Below the normal range, where scaling a rounded number rounds again, it rounds once."""
    exact = number * Fraction(2) ** exponent
    try:
        wanted = exact.numerator / exact.denominator
    except OverflowError:
        wanted = math.copysign(math.inf, number)
    assert round_integers([number], exponent)[0] == wanted


def test_double_rounding_in_the_subnormal_range_is_avoided() -> None:
    """A number that becomes a tie of the subnormal grid only by rounding to 53 bits is no tie."""
    number = (1 << 60) + (1 << 7) - 1  # rounds up to a tie in 53 bits, lies below it exactly
    for exponent in range(-1140, -1070):
        exact = number * Fraction(2) ** exponent
        assert round_integers([number], exponent)[0] == exact.numerator / exact.denominator


@pytest.mark.parametrize("precision", [53, 56, 60, 112])
def test_undecided_values_are_computed_again(
    precision: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few bits the first enclosure has, the result is the correctly rounded one."""
    monkeypatch.setattr(rounding, "_FIRST_PRECISION", precision)
    multiples = [3**k * (-1) ** k for k in range(40)]
    found = round_surds(multiples, Fraction(2, 7), -20, (5, -3))
    with mpmath.workdps(200):
        root = mpmath.sqrt(mpmath.mpf(2) / 7)
        wanted = [float(q * root / 2**20 + mpmath.mpf(5) / 8) for q in multiples]
    assert found.tolist() == wanted
