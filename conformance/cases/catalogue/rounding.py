"""One rounding from float64 to the type under test."""

from __future__ import annotations

import math

import numpy as np

from conformance.case import Array
from conformance.errors import InputError
from conformance.float_types import FLOAT_TYPES


def rounded(values: Array, name: str) -> Array:
    """`values` rounded once to the type called `name`, ties to even.

    Casts are not enough: ml_dtypes goes from float64 to bfloat16 by way of float32, which rounds
    twice.  Here the significand is cut in float64, and the cast that follows is exact.

    Args:
        values: float64 of any shape; NaN and infinity pass through.
        name: ``"float64"``, ``"float32"``, ``"float16"`` or ``"bfloat16"``.

    Returns:
        A new array of that type, of the same shape.

    Raises:
        InputError: a finite value is too large for the type.
    """
    if name == "float64":
        return values.copy()
    kind = FLOAT_TYPES[name]
    bits, highest = kind.bits, kind.largest_exponent
    smallest = 2 - highest - bits  # exponent of the smallest subnormal
    finite = np.isfinite(values)
    safe = np.where(finite, values, 0.0)
    quantum = np.maximum(np.frexp(safe)[1] - bits, smallest)
    cut = np.ldexp(np.rint(np.ldexp(safe, -quantum)), quantum)
    largest = math.ldexp(2.0 - 2.0 ** (1 - bits), highest)
    if np.any(np.abs(cut) > largest):
        worst = float(safe.flat[int(np.argmax(np.abs(safe)))])
        raise InputError(
            f"{worst!r} does not fit {name}, whose largest value is {largest!r}. "
            "Scale the values of this problem down or give it a wider type."
        )
    with np.errstate(invalid="ignore"):
        return np.where(finite, cut, values).astype(kind.dtype)
