"""Blocks of channels and values that fit a cache: nothing of the size of x is held beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array
from conformance.oracle.rounding import Floats

TILE = 16384
"""Values of a block: so few that they stay near the processor, so many that calls cost little."""


def tiles(channels: int, count: int, longest: int = TILE) -> Iterator[tuple[slice, slice]]:
    """Cut ``(channels, count)`` into blocks, those of the same channels one after the other.

    Args:
        channels: Rows.
        count: Values in each.
        longest: Values of one row in a block, at most.
    """
    high = max(TILE // min(count, longest), 1)
    for c in range(0, channels, high):
        for m in range(0, count, longest):
            yield slice(c, min(c + high, channels)), slice(m, min(m + longest, count))


def wide(rows: Array, channels: slice, values: slice) -> Floats:
    """One block as float64, which holds every type exactly."""
    return rows[channels, values].astype(np.float64)
