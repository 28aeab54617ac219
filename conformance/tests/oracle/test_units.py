"""What one error unit is, in each type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.oracle.arithmetic import roundoff
from conformance.oracle.bounds import units
from conformance.tests.oracle.by_hand import make
from conformance.tests.oracle.equal_channels import U32


@pytest.mark.parametrize(
    ("dtype", "given_in", "wanted"),
    [
        ("float32", np.float32, U32 * 3 + 2.0**-150),  # as exact as the arithmetic: no rounding
        ("float64", np.float64, 2.0**-53 * 3),
        ("float32", np.float64, 2.0**-53 * 3 + U32 * 5),  # narrower than the arithmetic
        ("float16", np.float16, U32 * 3 + 2.0**-11 * 5 + 2.0**-25),
        ("float64", np.float32, U32 * 3),  # a statistic kept wider
    ],
)
def test_unit(dtype: str, given_in: Any, wanted: float) -> None:
    """A unit is u S + eta, and u_out |expected| only where the output's type is coarser than u."""
    inputs = make((4, 3), given_in)
    unit = units(inputs, np.array([-5.0]), np.array([3.0]), np.dtype(dtype))
    assert unit.tolist() == pytest.approx([wanted], rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("dtype", "eta"), [("float16", 2.0**-25), ("float32", 2.0**-150), ("float64", 0.0)]
)
def test_unit_of_nothing_is_half_the_smallest_number(dtype: str, eta: float) -> None:
    """Eta is half the smallest subnormal number of the output's type; in float64 it is below it."""
    unit = units(make((4, 3), np.float32), np.zeros(1), np.zeros(1), np.dtype(dtype))
    assert unit.tolist() == [eta]


@pytest.mark.parametrize(
    ("scale", "wanted"), [(2.0**-1074, 2.0**-1074), (1.0, 2.0**-53), (0.0, 0.0)]
)
def test_unit_of_the_smallest_float64_numbers_is_one_of_them(scale: float, wanted: float) -> None:
    """Where u S is below 2^-1074, and half of that is 0 too, the unit is 2^-1074, if S is not 0."""
    unit = units(make((4, 3), np.float64), np.zeros(1), np.array([scale]), np.dtype(np.float64))
    assert unit.tolist() == [wanted]


def test_roundoff_is_that_of_the_arithmetic() -> None:
    """Half types are summed in float32."""
    found = [roundoff(make((4, 3), t)) for t in (np.float16, np.float32, np.float64)]
    assert found == [U32, U32, 2.0**-53]
