"""The loss of one sum, term by term in plain Python: slow, and written from the formula alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]  # it ships no annotations

Spacing = Callable[[float], float]


def spacing(size: float, bits: int) -> float:
    """Distance of the numbers of `bits` bits in the octave of a number."""
    return math.ldexp(1.0, math.frexp(size)[1] - bits)


def error(term: float, q: float) -> float:
    """Of a term that is rounded to a multiple of q, ties to even, in units of q."""
    return term / q - round(term / q)


def root(square: Fraction) -> float:
    """Of a square that may be far below the smallest float64."""
    return float(mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator))


def grids(largest: float, least: float) -> list[float]:
    """From a power of two down to a 32nd of another, four to an octave."""
    found, k = [], 0
    while math.ldexp(largest, -k) >= least / 16:
        found += [math.ldexp(2.0 ** (-part / 4), -k) * largest for part in range(4)]
        k += 1
    return found


def envelope(terms: Sequence[float]) -> list[float]:
    """How large the k-th partial sum may be."""
    count, whole = len(terms), sum(terms)
    mean = whole / count
    deviation = root(sum((Fraction(t - mean) ** 2 for t in terms), Fraction(0)) / count)
    found = []
    partial = 0.0
    for k, term in enumerate(terms, 1):
        rest = whole - partial
        partial += term
        walk = k * abs(mean) + 4 * deviation * math.sqrt(k * (count - k) / count)
        found.append(max(abs(partial), abs(rest), walk, *map(abs, terms)))
    return found


def lost(terms: Sequence[float], bits: int) -> float:
    """The bound of the error of the sum of terms of which none is 0."""
    count = len(terms)
    coherent, scattered = 0.0, Fraction(0)
    spacings = [spacing(size, bits) for size in envelope(terms)]
    edges = sorted({int(count * i / 32) for i in range(32)})
    parts = list(zip(edges, [*edges[1:], count], strict=True))
    for Q in spacings:
        B, W = 0.0, Fraction(0)
        for q in grids(Q, min(spacings)):
            e = [error(t, q) for t in terms]
            B = max(B, q * sum(abs(sum(e[a:b])) for a, b in parts) / count)
            W = max(W, Fraction(q) ** 2 * Fraction(sum(v * v for v in e)) / count)
        coherent += B
        scattered += W
    return coherent + 6.6 * root(scattered)
