"""Whether a half-precision output was rounded once.

    excess = max(0, |actual - exact| - h) / (u S + eta)

with h half the spacing of the output's type at |exact| + 16 u S, and eta half the smallest number
of the type computed in.  A value that was computed in that type within grade A and rounded once to
the nearest has an excess of at most 16.  Truncation, stochastic rounding, and intermediate results
that are kept in the half type exceed it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import LIMIT, Array, Inputs
from conformance.float_types import dtype_of, finfo
from conformance.oracle.arithmetic import arithmetic, roundoff
from conformance.oracle.rounding import Floats


def excess(inputs: Inputs, actual: Array, exact: Array, scale: Array) -> float:
    """The largest excess of an output.

    Args:
        inputs: What was asked.
        actual: The output, of a half type.
        exact: Its exact values.
        scale: S, of the same shape.
    """
    work = finfo(dtype_of(arithmetic(inputs).name))
    lost: Floats = roundoff(inputs) * np.asarray(scale, dtype=np.float64)
    half = _half_spacing(np.abs(exact) + LIMIT * lost, actual.dtype)
    beyond = np.maximum(0.0, np.abs(actual.astype(np.float64) - exact) - half)
    return float((beyond / (lost + float(work.smallest_subnormal) / 2)).max(initial=0.0))


def _half_spacing(size: Floats, dtype: np.dtype[Any]) -> Floats:
    """Half the distance of neighbouring numbers of a type, of positive numbers."""
    info = finfo(dtype)
    spacing = np.ldexp(float(info.eps), np.frexp(size)[1] - 1)
    return np.asarray(np.maximum(spacing, float(info.smallest_subnormal)) / 2)
