"""The loss of one sum, term by term in plain Python: slow, and written from the formula alone."""

from __future__ import annotations

import math
from collections.abc import Sequence


def spacing(size: float, bits: int) -> float:
    """Distance of the numbers of `bits` bits in the octave of a number."""
    return math.ldexp(1.0, math.frexp(size)[1] - bits)


def error(term: float, q: float) -> float:
    """Of a term that is rounded to a multiple of q, ties to even, in units of q."""
    return term / q - round(term / q)


def root_of_mean_square(values: Sequence[float]) -> float:
    """Of numbers whose squares may be below the smallest float64, or beyond the largest."""
    unit = spacing(max(map(abs, values)), 0)
    return unit * math.sqrt(sum((v / unit) ** 2 for v in values) / len(values))


def grids(largest: float, least: float) -> list[float]:
    """From a power of two to the octave that begins at a 16th of another, four to an octave."""
    found, k = [], 0
    while math.ldexp(largest, -k) >= least / 16:
        found += [math.ldexp(2.0 ** (-part / 4), -k) * largest for part in range(4)]
        k += 1
    return found


def envelope(terms: Sequence[float]) -> list[float]:
    """How large the k-th partial sum may be."""
    count, whole = len(terms), sum(terms)
    mean = whole / count
    deviation = root_of_mean_square([t - mean for t in terms])
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
    spacings = [spacing(size, bits) for size in envelope(terms)]
    edges = sorted({int(count * i / 32) for i in range(32)})
    parts = list(zip(edges, [*edges[1:], count], strict=True))
    # B, and the root of W in units of the largest spacing, whose square may be no number.
    largest = max(spacings)
    of: dict[float, tuple[float, float]] = {}
    for Q in set(spacings):
        B = W = 0.0
        for q in grids(Q, min(spacings)):
            e = [error(t, q) for t in terms]
            B = max(B, q * sum(abs(sum(e[a:b])) for a, b in parts) / count)
            W = max(W, (q / largest) ** 2 * sum(v * v for v in e) / count)
        of[Q] = B, W
    coherent = sum(of[Q][0] for Q in spacings)
    return coherent + 6.6 * largest * math.sqrt(sum(of[Q][1] for Q in spacings))
