"""The statistics of a batch, and what the running statistics make of them, exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from conformance.oracle._proof_ieee import Extended, plus, times
from conformance.oracle._proof_integers import ratio, whole_numbers
from conformance.oracle._proof_rounding import FloatArray


def follow(start: Extended, batches: Sequence[Extended], momentum: Extended) -> Extended:
    """``(1 - momentum) start + momentum batch``, one batch after the other, never rounded."""
    kept = plus(1, times(-1, momentum))
    for batch in batches:
        start = plus(times(kept, start), times(momentum, batch))
    return start


def moments(x: FloatArray, bits: int) -> tuple[Extended, Extended]:
    """Mean and biased variance of `x`, ``(M,)``, of at most `bits` significant bits."""
    if not np.isfinite(x).all():
        return sum_of_wild(x), math.nan
    X, unit = whole_numbers(x, bits)
    M, S = len(X), sum(X)
    squares = sum((M * a - S) ** 2 for a in X)
    return ratio(S, M, unit), ratio(squares, M**3, 2 * unit)


def sum_of_wild(values: FloatArray) -> Extended:
    """Sum, and mean, of values of which some are not finite: those alone decide."""
    return plus(*values[~np.isfinite(values)].tolist())
