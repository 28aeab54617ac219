"""The sums of the textbook's two passes, in float64 with the errors of all roundings kept.

About a number m0 near the mean of each channel, with e_i = x_i - m0 in two words, exactly:

    E1 = sum e_i      E2 = sum e_i^2      G1 = sum dy_i      GE = sum dy_i e_i

Each term is a product and its exact error; terms are added two by two, heads without error, tails
with the errors of the heads as ordinary floats (the compensated sum of Ogita, Rump and Oishi 2005,
"Accurate sum and dot product", as a tree).  With T the sum of the sizes of all terms and u = 2^-53,
a tail after k levels is at most (k + 3) u T, two roundings of it cost 2 u (k + 3) u T, and so d
levels cost at most (d + 3)^2 u^2 T; the products' own low words cost 8 u^2 T.  With d at most
`_DEEPEST` = 26 that is below `SUM` T = 2^-96 T.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.oracle._proof_pairs import Pair, exact_product, exact_sum, halves
from conformance.oracle._proof_rounding import FloatArray

SUM = 2.0**-96
"""Of the error of a sum, relative to the sum of the sizes of its terms."""

_BLOCK = 16384
_DEEPEST = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Per channel, ``(C,)``; names as above.

    Attributes:
        m0: The number near the mean, or the given centre.
        furthest: Bound of ``|x_i - m0|``.
        steepest: Bound of ``|dy_i|``; 0 where there is no dy.
        finite: Whether all values are finite, and few enough.
    """

    m0: FloatArray
    E1: Pair
    E2: Pair
    G1: Pair
    GE: Pair
    furthest: FloatArray
    steepest: FloatArray
    finite: Array


def blocks(channels: int, count: int) -> Iterator[tuple[slice, slice]]:
    """Cut ``(channels, count)`` into pieces that fit a cache."""
    high = max(_BLOCK // count, 1)
    for c in range(0, channels, high):
        for i in range(0, count, _BLOCK):
            yield slice(c, min(c + high, channels)), slice(i, min(i + _BLOCK, count))


def sums(x: Array, dy: Array | None, centre: FloatArray | None) -> Sums:
    """Add up each row.

    Args:
        x: ``(C, M)``, M > 0.
        dy: The same, or None.
        centre: What x is measured from, ``(C,)``; None for about its mean.
    """
    channels, count = x.shape
    largest, smallest, total = _extent(x)
    m0 = total / count if centre is None else centre
    slopes = np.zeros(channels)
    kinds = 2 if dy is None else 4
    pieces: list[list[Pair]] = []
    for c, i in blocks(channels, count):
        block = x[c, i].astype(np.float64)
        slope = None if dy is None else dy[c, i].astype(np.float64)
        if slope is not None:
            slopes[c] = np.maximum(slopes[c], np.abs(slope).max(axis=1))
        if i.start == 0:
            pieces.append([])
        pieces[-1].append(_tree(*_terms(block, slope, m0[c, None])))
    heads, tails = np.zeros((2, 4, channels))
    heads[:kinds], tails[:kinds] = _gathered(pieces)
    furthest = np.maximum(np.abs(largest - m0), np.abs(smallest - m0)) * (1 + 2.0**-40)
    finite = np.isfinite(furthest) & np.isfinite(slopes) & (count < 2**_DEEPEST)
    E1, E2, G1, GE = zip(heads, tails, strict=True)
    return Sums(
        m0=m0, E1=E1, E2=E2, G1=G1, GE=GE, furthest=furthest, steepest=slopes, finite=finite
    )


def _extent(x: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Largest, smallest and about the sum of each row."""
    channels, count = x.shape
    largest, smallest = np.full(channels, -np.inf), np.full(channels, np.inf)
    total = np.zeros(channels)
    for c, i in blocks(channels, count):
        block = x[c, i].astype(np.float64)
        largest[c] = np.maximum(largest[c], block.max(axis=1))
        smallest[c] = np.minimum(smallest[c], block.min(axis=1))
        total[c] += block.sum(axis=1)
    return largest, smallest, total


def _terms(x: FloatArray, dy: FloatArray | None, m0: FloatArray) -> Pair:
    """Heads and tails of the terms of each sum, ``(2 or 4, c, m)``."""
    heads, tails = np.empty((2, 2 if dy is None else 4, *x.shape))
    e, e_low = exact_sum(x, -m0)
    e_halves = halves(e)
    heads[0], tails[0] = e, e_low
    heads[1], tails[1] = exact_product(e, e_halves, e, e_halves)
    tails[1] += 2 * e * e_low
    if dy is not None:
        heads[2], tails[2] = dy, 0.0
        heads[3], tails[3] = exact_product(dy, halves(dy), e, e_halves)
        tails[3] += dy * e_low
    return heads, tails


def _tree(heads: FloatArray, tails: FloatArray) -> Pair:
    """Add up along the last axis, two by two."""
    while (n := heads.shape[-1]) > 1:
        half = n // 2
        middle = slice(half, n - half)  # empty, or the one that has no partner
        s, t = exact_sum(heads[..., :half], heads[..., n - half :])
        t += tails[..., :half] + tails[..., n - half :]
        if n % 2:
            s = np.concatenate([s, heads[..., middle]], axis=-1)
            t = np.concatenate([t, tails[..., middle]], axis=-1)
        heads, tails = s, t
    return heads[..., 0], tails[..., 0]


def _gathered(pieces: list[list[Pair]]) -> Pair:
    """The sums of all blocks of each channel; every channel has as many."""
    whole = [_tree(*(np.stack(part, axis=-1) for part in zip(*row, strict=True))) for row in pieces]
    heads, tails = (np.concatenate(part, axis=-1) for part in zip(*whole, strict=True))
    s = heads + tails
    return s, tails - (s - heads)
