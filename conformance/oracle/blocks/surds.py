"""Sums of a few square roots, each rounded once and proven correctly rounded.

A value is ``(sum_j n_j / sqrt(U_j) + c) 2^e`` with integers n, c and U > 0.  Roots whose product is
a whole number are multiples of one another: they are brought together first, and what is rational
goes to c.  What is left are square roots of different square-free parts, which are independent over
the rational numbers (Besicovitch, 1940): a sum with a number before them that is not 0 is
irrational, so that it lies strictly between two midpoints and Ziv's test ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from conformance.oracle.rounding import round_fraction
from conformance.oracle.sums import power

_FIRST_PRECISION = 112  # 53 bits to keep, the others make an undecided case improbable


@dataclass(frozen=True, slots=True)
class _Roots:
    """Roots as multiples of few: ``1 / sqrt(U_j) = parts[j] / sqrt(bases[places[j]])``."""

    bases: tuple[int, ...]
    places: tuple[int, ...]
    parts: tuple[Fraction, ...]


def round_surd_sum(
    numerators: Sequence[int], radicands: tuple[int, ...], rest: int, exponent: int
) -> float:
    """Round ``(sum_j numerators[j] / sqrt(radicands[j]) + rest) 2^exponent`` to float64.

    An exact zero is +0; what is too large is infinite.
    """
    roots = _roots(radicands)
    weights = [Fraction(0)] * len(roots.bases)
    for n, place, part in zip(numerators, roots.places, roots.parts, strict=True):
        weights[place] += n * part
    scale = power(exponent)
    known = rest + sum(
        (w for w, base in zip(weights, roots.bases, strict=True) if base == 1), Fraction(0)
    )
    open_ones = [(w, base) for w, base in zip(weights, roots.bases, strict=True) if base != 1 and w]
    if not open_ones:
        return round_fraction(known * scale)
    precision = _FIRST_PRECISION + max(base for _, base in open_ones).bit_length() // 2
    while True:
        low = high = known
        for weight, base in open_ones:
            under = math.isqrt((1 << 2 * precision) // base)  # <= 2^precision / sqrt(base)
            ends = [weight * Fraction(end, 1 << precision) for end in (under, under + 1)]
            low, high = low + min(ends), high + max(ends)
        at_low, at_high = round_fraction(low * scale), round_fraction(high * scale)
        if at_low == at_high:
            return at_low
        precision *= 2


def _is_square(number: int) -> bool:
    return math.isqrt(number) ** 2 == number


@lru_cache(maxsize=4096)
def _roots(radicands: tuple[int, ...]) -> _Roots:
    bases: list[int] = [1]
    places, parts = [], []
    for U in radicands:
        found = [place for place, base in enumerate(bases) if _is_square(U * base)]
        if not found:
            found = [len(bases)]
            bases.append(U)
        places.append(found[0])
        # 1 / sqrt(U) = sqrt(U base) / U / sqrt(base)
        parts.append(Fraction(math.isqrt(U * bases[found[0]]), U))
    return _Roots(tuple(bases), tuple(places), tuple(parts))
