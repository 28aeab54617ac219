"""Double-word numbers: unevaluated sums of two float64, of about 106 bits.

The error-free transformations are those of Dekker (1971, "A floating-point technique for extending
the available precision") and Knuth (The Art of Computer Programming 2, section 4.2.2, theorem B);
the arithmetic is that of Joldes, Muller and Popescu (2017, "Tight and rigorous error bounds for
basic building blocks of double-word arithmetic"), the root that of Lefevre, Louvet, Muller, Picot
and Rideau (2023, "Accurate calculation of Euclidean norms using double-word arithmetic").  With
u = 2^-53 their relative errors are at most

    plus_float 2 u^2     plus 3 u^2 + 13 u^3     times_float 1.5 u^2 + 4 u^3     times 7 u^2
    over_float 3 u^2     over 15 u^2 + 56 u^3    root 3.125 u^2

whatever the signs, all below `ROUNDOFF` = 2^-101.  They hold without overflow and underflow; the
fused operations in the originals only form exact products, which Dekker's algorithm does here.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from conformance.oracle.rounding import Floats

Pair: TypeAlias = tuple[Floats, Floats]
"""Arrays of one shape: the number rounded to float64, and what that lacks."""

ROUNDOFF = 2.0**-101
"""Largest relative error of any operation here."""

_SPLITTER = 2.0**27 + 1


def exactly(value: Floats) -> Pair:
    """A float64 as a pair."""
    return value, np.zeros_like(value)


def from_integers(numbers: npt.NDArray[Any], exponents: npt.NDArray[np.int64]) -> Pair:
    """``numbers * 2**exponents``, off by at most 2^-106 of it: two correct roundings.

    Args:
        numbers: Python's integers, object dtype, each below 2^1000.
        exponents: Powers of two; no result may leave the normal range.
    """
    high = numbers.astype(np.float64)
    rest = [n - int(h) for n, h in zip(numbers.tolist(), high.tolist(), strict=True)]
    low = np.array(rest, dtype=object).astype(np.float64)
    return np.ldexp(high, exponents), np.ldexp(low, exponents)


def two_sum(a: Floats, b: Floats) -> Pair:
    """``a + b`` without error, whatever their sizes (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def fast_two_sum(a: Floats, b: Floats) -> Pair:
    """``a + b`` without error, where a is not smaller than b in size, or 0 (Dekker)."""
    s = a + b
    return s, b - (s - a)


def two_product(a: Floats, b: Floats) -> Pair:
    """``a b`` without error (Dekker, with Veltkamp's splitting)."""
    p = a * b
    ah, al = _split(a)
    bh, bl = _split(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def _split(a: Floats) -> Pair:
    c = _SPLITTER * a
    high = c - (c - a)
    return high, a - high


def at(a: Pair, places: Any) -> Pair:
    """Some of the numbers."""
    return a[0][places], a[1][places]


def negative(a: Pair) -> Pair:
    """``-a``, exact."""
    return -a[0], -a[1]


def plus_float(a: Pair, b: Floats) -> Pair:
    """``a + b`` (algorithm 4 of Joldes, Muller and Popescu)."""
    s, t = two_sum(a[0], b)
    return fast_two_sum(s, a[1] + t)


def plus(a: Pair, b: Pair) -> Pair:
    """``a + b`` (algorithm 6)."""
    s, t = two_sum(a[0], b[0])
    v, w = two_sum(a[1], b[1])
    s, t = fast_two_sum(s, t + v)
    return fast_two_sum(s, w + t)


def times_float(a: Pair, b: Floats) -> Pair:
    """``a b`` (algorithm 7)."""
    p, r = two_product(a[0], b)
    s, t = fast_two_sum(p, a[1] * b)
    return fast_two_sum(s, t + r)


def times(a: Pair, b: Pair) -> Pair:
    """``a b`` (algorithm 10)."""
    p, r = two_product(a[0], b[0])
    return fast_two_sum(p, r + (a[0] * b[1] + a[1] * b[0]))


def over_float(a: Pair, b: Floats) -> Pair:
    """``a / b`` (algorithm 15)."""
    q = a[0] / b
    p, r = two_product(q, b)
    return fast_two_sum(q, ((a[0] - p) + (a[1] - r)) / b)


def over(a: Pair, b: Pair) -> Pair:
    """``a / b`` (algorithm 17)."""
    q = a[0] / b[0]
    p, r = times_float(b, q)
    return fast_two_sum(q, ((a[0] - p) + (a[1] - r)) / b[0])


def root(a: Pair) -> Pair:
    """``sqrt(a)`` of a positive pair (Lefevre and others, algorithm 8)."""
    s = np.sqrt(a[0])
    p, r = two_product(s, s)
    return fast_two_sum(s, (a[1] + ((a[0] - p) - r)) / (2 * s))
