"""Blocks of channels and values that fit a cache: nothing of the size of x is held beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array
from conformance.oracle.rounding import Floats

TILE = 8192
"""Values of a block; its temporaries then stay within a second-level cache."""

ROW = 4096
"""Values of one channel in a block, at most: sums of so many products of limbs are exact."""


def tiles(channels: int, count: int) -> Iterator[tuple[slice, slice]]:
    """Cut ``(channels, count)`` into blocks, those of the same channels one after the other."""
    high = max(TILE // min(count, ROW), 1)
    for c in range(0, channels, high):
        for m in range(0, count, ROW):
            yield slice(c, min(c + high, channels)), slice(m, min(m + ROW, count))


def wide(rows: Array, channels: slice, values: slice) -> Floats:
    """One block as float64, which holds every type exactly."""
    return rows[channels, values].astype(np.float64)
