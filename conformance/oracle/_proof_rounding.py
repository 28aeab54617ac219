"""Whether a stored float64 is the nearest one to an exact value, decided by squares of integers.

A float64 z is ``RN(v)`` exactly if v lies between the midpoints of z and its two neighbours; on
a midpoint the neighbour with the even significand wins.  Every value of batch normalization is
``v = shift + n / sqrt(W)`` with integers n and W (powers of two understood), so for a midpoint m

    m < v   <=>   (m - shift) |m - shift| W  <  n |n|

because ``t -> t |t|`` is increasing.  Nothing is rounded, no root is taken, nothing is divided.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Wrong: TypeAlias = tuple[int, str]  # place in the row, and why

_WHOLE = 55  # a binary64 significand times 2**55 leaves two bits for the midpoints
_LEAST = -1021  # frexp's exponent of the smallest normal: below it the spacing is constant
_OVERFLOW = 1025  # frexp's exponent of 2**1024, the float64 that infinity stands in for


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Exact values ``shift 2^shift_exponent + n factor 2^exponent / sqrt(radicand)``.

    Attributes:
        numerators: n of each value.
        factor: What all numerators are multiplied by (gamma).
        exponent: Power of two of the numerators.
        radicand: W, positive.
        shift: What is added to each value (beta).
        shift_exponent: Power of two of the shift.
    """

    numerators: Sequence[int]
    factor: int = 1
    exponent: int = 0
    radicand: int
    shift: int = 0
    shift_exponent: int = 0

    @classmethod
    def rational(cls, value: Fraction | int) -> Line:
        """The line of one rational value: ``a / b = a / sqrt(b^2)``."""
        return cls(numerators=(value.numerator,), radicand=value.denominator**2)

    def pick(self, places: Sequence[int]) -> Line:
        """The values at `places` alone."""
        return Line(
            numerators=[self.numerators[i] for i in places],
            factor=self.factor,
            exponent=self.exponent,
            radicand=self.radicand,
            shift=self.shift,
            shift_exponent=self.shift_exponent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Brackets:
    """Stored values with the midpoints on either side, as integers.

    Attributes:
        stored: The values; float64, ``(rows, columns)`` or one row of it, as all that follow.
        low: Midpoint below, in units of ``2**exponent``.  Of -inf it means nothing.
        high: Midpoint above, in the same units.  Of +inf it means nothing.
        exponent: Power of two of the unit.
        even: Whether the stored significand is even, so that ties belong to it.
        ordinary: Whether the stored value is finite and not zero.
    """

    stored: FloatArray
    low: IntArray
    high: IntArray
    exponent: IntArray
    even: npt.NDArray[np.bool_]
    ordinary: npt.NDArray[np.bool_]

    def at(self, places: int | npt.NDArray[np.intp]) -> Brackets:
        """The row, or the places of a row, called `places`."""
        return Brackets(
            stored=self.stored[places],
            low=self.low[places],
            high=self.high[places],
            exponent=self.exponent[places],
            even=self.even[places],
            ordinary=self.ordinary[places],
        )


def brackets(stored: FloatArray) -> Brackets:
    """Find the midpoints around each of `stored`.

    Toward zero a power of two has its neighbour at half the distance, except the smallest
    normal.  Infinity stands for ``2**1024``: what is not below the midpoint between that and
    the largest finite number overflows (IEEE 754-2019, section 4.3.1).
    """
    infinite = np.isinf(stored)
    ordinary = np.isfinite(stored) & (stored != 0)
    exponent = np.frexp(stored)[1].astype(np.int64)
    exponent = np.where(ordinary, np.maximum(exponent, _LEAST), _LEAST)
    finite = np.where(ordinary, stored, 0.0)
    whole = np.ldexp(finite, _WHOLE - exponent).astype(np.int64)
    power_of_two = 1 << (_WHOLE - 1)
    whole = np.where(infinite, np.sign(stored) * power_of_two, whole).astype(np.int64)
    exponent = np.where(infinite, _OVERFLOW, exponent)
    halved = (np.abs(whole) == power_of_two) & (exponent > _LEAST)
    return Brackets(
        stored=stored,
        low=whole - np.where(halved & (whole > 0), 1, 2),
        high=whole + np.where(halved & (whole < 0), 1, 2),
        exponent=exponent - _WHOLE,
        even=(whole >> 2) & 1 == 0,
        ordinary=ordinary,
    )


def misrounded(line: Line, row: Brackets) -> list[Wrong]:
    """Places of `row` that do not hold the rounded values of `line`, and why.

    Zeros and infinities are compared apart from the rest: they would force the whole row to the
    unit of the smallest subnormal.
    """
    if bool(row.ordinary.all()):
        return list(_compare(line, row))
    wrong: dict[int, str] = {}
    for i in np.flatnonzero((row.stored == 0) & np.signbit(row.stored)).tolist():
        wrong[i] = "is -0, +0 was wanted: exact zeros and underflows are stored as +0"
    extreme = ~row.ordinary & ~np.isnan(row.stored)
    for mask in (row.ordinary, extreme):
        places = np.flatnonzero(mask)
        if places.size:
            found = _compare(line.pick(places.tolist()), row.at(places))
            wrong |= {int(places[i]): why for i, why in found}
    for i in np.flatnonzero(np.isnan(row.stored)).tolist():
        wrong[i] = "is NaN, a number was wanted: all that this value depends on is finite"
    return sorted(wrong.items())


def _compare(line: Line, row: Brackets) -> Iterator[Wrong]:
    exponents = row.exponent.tolist()
    unit = min(exponents)
    if line.shift:
        unit = min(unit, line.shift_exponent)
    shift = line.shift << (line.shift_exponent - unit) if line.shift else 0
    places = [e - unit for e in exponents]
    low = [(m << e) - shift for m, e in zip(row.low.tolist(), places, strict=True)]
    high = [(m << e) - shift for m, e in zip(row.high.tolist(), places, strict=True)]
    up = line.exponent - unit
    factor = line.factor << max(up, 0)
    W = line.radicand << 2 * max(-up, 0)
    n = [a * factor for a in line.numerators]
    _open_infinities(row, low, high, n)
    suspects = [
        i
        for i, (below, a, above) in enumerate(zip(low, n, high, strict=True))
        if not below * abs(below) * W < a * abs(a) < above * abs(above) * W
    ]
    for i in suspects:
        value = n[i] * abs(n[i])
        gaps = (value - low[i] * abs(low[i]) * W, high[i] * abs(high[i]) * W - value)
        why = _why(float(row.stored[i]), bool(row.even[i]), gaps)
        if why:
            yield i, why


def _open_infinities(row: Brackets, low: list[int], high: list[int], n: list[int]) -> None:
    """Move the far midpoint of an infinity beyond its value: W >= 1, so |n| / sqrt(W) <= |n|."""
    for i in np.flatnonzero(np.isinf(row.stored)).tolist():
        if row.stored[i] > 0:
            high[i] = abs(low[i]) + abs(n[i]) + 1
        else:
            low[i] = -abs(high[i]) - abs(n[i]) - 1


def _why(stored: float, even: bool, gaps: tuple[int, int]) -> str:  # noqa: FBT001 - private
    """Say what is wrong with `stored`; empty for a tie that belongs to it."""
    for gap, side, toward in zip(gaps, ("large", "small"), (-math.inf, math.inf), strict=True):
        other = math.nextafter(stored, toward)
        if gap < 0:
            return f"is too {side}: the exact value lies past the midpoint between it and {other!r}"
        if gap == 0 and not even:
            return f"is too {side}: the exact value is a tie, which belongs to the even {other!r}"
    return ""
