"""Sums and products of float64 with what rounding takes from them, as the proof needs them.

The error-free transformations are those of Knuth (The Art of Computer Programming 2, section 4.2.2,
theorem B) and Dekker (1971, "A floating-point technique for extending the available precision").  A
pair is an unevaluated sum h + l of two float64 with |l| <= u |h|, u = 2^-53.  Bounds here are
absolute, counted from the operations, each of which is off by at most u of its result:

    plus        of sizes a, b: the low words, their sum and its sum with the error of the heads
                are rounded: 3 u^2 (a + b) (1 + 8 u) in all
    times       two cross products, their sum and its sum with the error of the heads: 7 u^2 |a b|;
                the product of both low words is left out: u^2 |a b|
    over_count  a quotient q of the head, the remainder a - q n in two words, its quotient:
                5 u^2 |a / n|
    root        the remainder a - s^2 in two words, over 2 s: 4 u^2 of the root by rounding, and
                Newton's own error, (2 u)^2 / 8 of it

all at most 2^-102 of the sizes.  Nothing may overflow; an underflow is the caller's affair.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from conformance.oracle._proof_rounding import FloatArray

Pair: TypeAlias = tuple[FloatArray, FloatArray]
"""Number rounded to float64, and what that lacks."""

_HALVER = 134217729.0  # 2^27 + 1: times a float64, it cuts it into halves of 26 bits


def exact_sum(a: FloatArray, b: FloatArray) -> Pair:
    """``a + b``, without error."""
    s = a + b
    from_b = s - a
    error = s - from_b
    np.subtract(a, error, out=error)
    np.subtract(b, from_b, out=from_b)
    error += from_b
    return s, error


def halves(a: FloatArray) -> Pair:
    """Two numbers of at most 26 bits that add up to `a`."""
    high = a * _HALVER
    rest = high - a
    high -= rest
    return high, a - high


def exact_product(a: FloatArray, a_halves: Pair, b: FloatArray, b_halves: Pair) -> Pair:
    """``a b``, without error, of numbers that come with their halves."""
    p = a * b
    error = a_halves[0] * b_halves[0]
    error -= p
    cross = a_halves[0] * b_halves[1]
    error += cross
    np.multiply(a_halves[1], b_halves[0], out=cross)
    error += cross
    np.multiply(a_halves[1], b_halves[1], out=cross)
    error += cross
    return p, error


def ordered(h: FloatArray, rest: FloatArray) -> Pair:
    """``h + rest`` as a pair, where `rest` is the smaller."""
    s = h + rest
    return s, rest - (s - h)


def plus(a: Pair, b: Pair) -> Pair:
    """``a + b``."""
    s, t = exact_sum(a[0], b[0])
    return ordered(s, t + (a[1] + b[1]))


def times(a: Pair, b: Pair) -> Pair:
    """``a b``."""
    p, r = exact_product(a[0], halves(a[0]), b[0], halves(b[0]))
    return ordered(p, r + (a[0] * b[1] + a[1] * b[0]))


def over_count(a: Pair, n: FloatArray) -> Pair:
    """``a / n``."""
    q = a[0] / n
    p, r = exact_product(q, halves(q), n, halves(n))
    return ordered(q, ((a[0] - p) - r + a[1]) / n)


def root(a: Pair) -> Pair:
    """``sqrt(a)``."""
    s = np.sqrt(a[0])
    p, r = exact_product(s, halves(s), s, halves(s))
    return ordered(s, ((a[0] - p) - r + a[1]) / (2 * s))


def single(a: FloatArray) -> Pair:
    """A float64 as a pair."""
    return a, np.zeros_like(a)


def minus(a: Pair) -> Pair:
    """``-a``."""
    return -a[0], -a[1]
