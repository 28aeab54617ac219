"""The exact sums of every channel, by matrix products of limbs.

A value that is a multiple of 2^low below 2^(low + 21 n - 1) is cut into n limbs, signed multiples
of 2^(low + 21 k) of at most 2^20 such units: adding and subtracting 1.5 * 2^(low + 21 k + 52)
rounds to a multiple of 2^(low + 21 k), and what is left is exact (the error-free vector
transformation of Rump, Ogita and Oishi 2008, "Accurate floating-point summation, part I", lemma
3.3; the same slices make exact matrix products in Ozaki, Ogita, Oishi and Rump 2012,
"Error-free transformations of matrix multiplication").  A product of two limbs is at most 2^40
units, and `ROW` = 2^12 of them at most 2^52: every partial sum of a block is an integer that
float64 holds, in whatever order a matrix product adds, fused or not.  Blocks are added as int64,
`_FLUSH` of them at most, and then as Python's integers.

The matrix product has to be the ordinary one, in IEEE float64: a sum of products, as all BLAS have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from conformance.case import Array
from conformance.oracle.quick.ranges import Ints, Mask, Ranges, two_to
from conformance.oracle.quick.tiles import tiles, wide
from conformance.oracle.rounding import Floats

Integers = npt.NDArray[Any]
"""Python's integers, ``(C,)``, object dtype: numpy's loops over exact arithmetic."""

BITS = 21
"""Of a limb."""

ROW = 4096
"""Products that are added at once: 2 (BITS - 1) + log2(ROW) <= 52."""

MOST = 6
"""Limbs of a value: channels whose exponents lie further apart go to the integers."""

_FLUSH = 128
"""Blocks whose sums are added as int64: 2^52 of each, times the limbs on a diagonal."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Per channel, as in `conformance.oracle.sums`: x = X 2^ex, dy = D 2^ed; all ``(C,)``."""

    M: int
    ex: Ints
    ed: Ints
    S1: Integers
    Sxx: Integers
    Sd: Integers
    Sdx: Integers


def sliceable(spread: Ranges) -> Mask:
    """Where few enough limbs hold every value."""
    return np.asarray(spread.top - spread.low < BITS * MOST)


def sums(x: Array, spread: Ranges, dy: Array | None = None, slope: Ranges | None = None) -> Sums:
    """Add up every row of ``(C, M)``; of finite, `sliceable` values.

    Args:
        x: One row per channel.
        spread: Its ranges.
        dy: The same for dy; None counts as zeros.
        slope: The ranges of dy, exactly where there is a dy.
    """
    channels, count = x.shape
    low_dy = np.zeros(channels, np.int64) if slope is None else slope.low
    a, b = _limbs(spread), 0 if slope is None else _limbs(slope)
    total = _Total(channels, a, b)
    for c, m in tiles(channels, count, ROW):
        if m.start and m.start % (_FLUSH * ROW) == 0:
            total.flush(c)
        limbs = np.empty((c.stop - c.start, a + b + 1, m.stop - m.start))
        _slice(wide(x, c, m), spread.low[c], limbs[:, :a])
        if dy is not None:
            _slice(wide(dy, c, m), low_dy[c], limbs[:, a : a + b])
        limbs[:, -1] = 1.0
        total.add(c, limbs, two_to(-_exponents(spread.low[c], low_dy[c], a, b)))
    total.flush(slice(0, channels))
    S1, Sxx, Sd, Sdx = total.numbers
    return Sums(count, spread.low, low_dy, S1, Sxx, Sd, Sdx)


def _limbs(spread: Ranges) -> int:
    return int((spread.top - spread.low).max(initial=0)) // BITS + 1


def _exponents(low_x: Ints, low_dy: Ints, a: int, b: int) -> Ints:
    """Of the unit of each limb, and 0 for the ones, ``(C, a + b + 1)``."""
    units = [low_x[:, None] + BITS * np.arange(a), low_dy[:, None] + BITS * np.arange(b)]
    return np.concatenate([*units, np.zeros((len(low_x), 1), np.int64)], axis=1)


def _slice(rest: Floats, low: Ints, into: Floats) -> None:
    """Cut ``(c, m)`` into limbs, ``(c, n, m)``, the finest first."""
    for k in range(into.shape[1] - 1, 0, -1):
        rounder = 1.5 * two_to(low + (BITS * k + 52))[:, None]
        limb = into[:, k]
        np.add(rest, rounder, out=limb)
        limb -= rounder
        rest -= limb
    into[:, 0] = rest


class _Total:
    """Sums of products of limbs, gathered by the weight that they have."""

    def __init__(self, channels: int, a: int, b: int) -> None:
        self._pairs = _pairs(a, b)
        self._waiting = np.zeros((channels, a + b + 1, a + b + 1), np.int64)
        self.numbers: list[Integers] = [np.zeros(channels, dtype=object) for _ in self._pairs]

    def add(self, channels: slice, limbs: Floats, scale: Floats) -> None:
        products = limbs @ limbs.transpose(0, 2, 1)
        products *= scale[:, :, None]
        products *= scale[:, None, :]
        self._waiting[channels] += products.astype(np.int64)

    def flush(self, channels: slice) -> None:
        waiting = self._waiting[channels]
        for number, diagonals in zip(self.numbers, self._pairs, strict=True):
            value: Integers = np.zeros(len(waiting), dtype=object)
            for i, j in reversed(diagonals):
                value = (value << BITS) + waiting[:, i, j].sum(axis=1).astype(object)
            number[channels] += value
        waiting[:] = 0


@lru_cache(maxsize=64)
def _pairs(a: int, b: int) -> list[list[tuple[Ints, Ints]]]:
    """Places of the products that make S1, Sxx, Sd and Sdx, of a limbs of x and b of dy."""
    x, dy, last = np.arange(a), np.arange(a, a + b), np.array([a + b])
    return [_diagonals(p, q) for p, q in ((x, last), (x, x), (dy, last), (x, dy))]


def _diagonals(rows: Ints, columns: Ints) -> list[tuple[Ints, Ints]]:
    """Places of the products of equal weight, the lightest first."""
    weight = np.add.outer(np.arange(len(rows)), np.arange(len(columns)))
    i, j = np.meshgrid(rows, columns, indexing="ij")
    return [(i[weight == w], j[weight == w]) for w in range(int(weight.max(initial=-1)) + 1)]
