"""The loss of one sum, term by term in plain Python: slow, and written from the formula alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Spacing = Callable[[float], float]


def spacing(size: float, bits: int) -> float:
    """Distance of the numbers of `bits` bits in the octave of a number."""
    return math.ldexp(1.0, math.frexp(size)[1] - bits)


def error(term: float, q: float) -> float:
    """Of a term that is rounded to a multiple of q, ties to even, in units of q."""
    return term / q - round(term / q)


def envelope(terms: Sequence[float]) -> list[float]:
    """How large the k-th partial sum may be."""
    count, whole = len(terms), sum(terms)
    mean = whole / count
    deviation = math.sqrt(sum((t - mean) ** 2 for t in terms) / count)
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
    coherent = scattered = 0.0
    spacings = [spacing(size, bits) for size in envelope(terms)]
    edges = sorted({int(count * i / 32) for i in range(32)})
    parts = list(zip(edges, [*edges[1:], count], strict=True))
    for Q in spacings:
        B = W = 0.0
        q = Q
        while q > min(spacings) / 32 * 1.0001:
            e = [error(t, q) for t in terms]
            B = max(B, q * sum(abs(sum(e[a:b])) for a, b in parts) / count)
            W = max(W, q * q * sum(v * v for v in e) / count)
            q *= 2**-0.25
        coherent += min(B, sum(abs(t) for t in terms) / count)
        scattered += min(W, sum(t * t for t in terms) / count)
    return coherent + 6.6 * math.sqrt(scattered)
