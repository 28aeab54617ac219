"""Inputs whose results lie as close to a midpoint between two float64 as anything can.

With x = [a, b] and no beta, y = gamma t for a t that is irrational.  A fraction p / q near 2 t, of
the continued fraction of 2 t, with q below 2^53 and p odd of 54 bits, makes gamma = q a number
whose product q t is within 1 / (2 q') of the midpoint p / 2, q' the next denominator (the hardest
cases of multiplication by a constant: Brisebarre and Muller 2008, "Correctly rounded multiplication
by arbitrary precision constants").
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from conformance.case import Array, Inputs, Outputs

_BITS = 400


def near_midpoints(count: int, seed: int = 0, closest: int = 45) -> Inputs:
    """Channels of two values whose y are within 2^-closest of their spacing of a midpoint."""
    rng = np.random.default_rng(seed)
    pairs: list[list[float]] = []
    gammas: list[float] = []
    while len(gammas) < count:
        a, b = rng.uniform(1, 2, 2).tolist()
        gamma = _gamma(abs(Fraction(a) - Fraction(b)) / 2, 2.0**-closest)
        if gamma:
            pairs.append([a, b])
            gammas.append(gamma)
    x = np.array(pairs).T
    return Inputs(x=x, dy=x[::-1].copy(), gamma=np.array(gammas), eps=2.0**-7)


def _gamma(d: Fraction, closest: float) -> float:
    square = d * d + Fraction(2.0**-7)
    root = math.isqrt((square.numerator << 2 * _BITS) // square.denominator)
    twice = 2 * d * Fraction(1 << _BITS, root)
    for p, q in _convergents(twice):
        shift = 54 - p.bit_length()
        if shift == 0 and p % 2 and q < 2**53 and abs(twice * q - p) < closest:
            return float(q)
    return 0.0


def _convergents(value: Fraction) -> Iterator[tuple[int, int]]:
    """Convergents of the continued fraction, and the numbers between them."""
    p, q, before_p, before_q = 1, 0, 0, 1
    num, den = value.numerator, value.denominator
    while den and q < 2**53:
        whole = num // den
        for part in {whole, whole - 1, whole - 2, (whole + 1) // 2} & set(range(1, whole + 1)):
            yield part * p + before_p, part * q + before_q
        p, q, before_p, before_q = whole * p + before_p, whole * q + before_q, p, q
        num, den = den, num - whole * den


def differing(one: Outputs, other: Outputs) -> list[str]:
    """Outputs that differ in any bit, with how many values do; any NaN equals any other."""
    mine, theirs = one.items(), other.items()
    found = [f"{name} in one alone" for name in mine.keys() ^ theirs.keys()]
    for name in mine.keys() & theirs.keys():
        count = _differing(mine[name], theirs[name])
        if count:
            found.append(f"{name}: {count} of {mine[name].size}")
    return found


def _differing(one: Array, other: Array) -> Any:
    if one.shape != other.shape or one.dtype != other.dtype:
        return "all"
    bits = one.view(np.int64) != other.view(np.int64)
    return int((bits & ~(np.isnan(one) & np.isnan(other))).sum())
