r"""y and dx of every value, by slices, with a proven bound of the error and Ziv's test.

Both are linear in what is given per value, with constants per channel (`constants`):

    y_i = c (x_i - m) + beta           dx_i = c (dy_i - a) - h (x_i - m)

**Slices.**  For a row of values v with centre m (x with its mean, or dy with its own) let
|v - m| <= 2^E (1 + 2^-30), E at least top - 20 for |v| < 2^top, and g = E - 25.  Adding and
subtracting 1.5 * 2^(g + 52) rounds a number below 2^(g + 51) to a multiple of 2^g without any
other error, and what is left is exact (Rump, Ogita and Oishi 2008, "Accurate floating-point
summation, part I", lemma 3.3).  So v = v' + l and m = m' + f with multiples v', m' of 2^g, and

    v - m = s + l - f,     s = v' - m' exact,  |s| <= 2^E (1 + 2^-23),  |l|, |f| <= 2^(E - 26)

where f, a constant, goes into a sum of constants per channel:

    y = c s + c l + Z,  Z = beta - c f      dx = (c s1 + c l1) - (h s2 + h l2) + Z,  Z = h f2 - c f1

**High parts.**  With |c| < 2^F let T be the largest of E + F of each product and the exponent of Z,
and q = T - 51.  c is cut into c' + c", c' a multiple of 2^(q - g), |c"| <= 2^(q - g - 1); likewise
Z = Z' + Z" at 2^q.  Then each c' s and Z' is a multiple of 2^q of at most 2^51 (1 + 2^-22) units,
and the sum of three is below 2^53 units: the high part p is computed without error.

**Low parts**, in units of w = 2^(q - 30), to be added up for one product:

    size        |s c"| <= 2^(q+24),  |l c| <= 2^(q+25),  |Z"| <= 2^(q-1)
    c"          is a float64: 2^-53 of s c"                                      2
    l c         takes the leading float64 of c: 2^-53 of l c                     4
    s c", l c   are rounded once each                                            2 + 4
    their sum   below 2^(q + 25.6), is rounded once                              6.1

so 18.1 a product.  In y adding Z", and then adding or subtracting the bound, round numbers below
2^(q + 25.7) once each: 6.6 + 6.6.  In dx the difference, Z" and the bound round numbers below
2^(q + 26.7): 13.1 each.  c and h are within 2^-96 of themselves (`constants.RELATIVE`), which times
2^(q + 51) is 2^-15 w; m and a are within 2^(top - 100), hence f within 2^(E - 80) and c f within
2^(q - 29): 2 for each centre, and what else Z loses is below 0.1.  Together

    y: 18.1 + 13.2 + 2.1 = 33.4 < 64           dx: 36.2 + 39.3 + 4.1 = 79.6 < 128

**Bound.**  e = 64 w for y and 128 w for dx is a bound of the error of p + u, where u is the
computed low part, and of the rounding of u - e and u + e too: the exact value lies between
p + (u - e) and p + (u + e).  Each of these sums is rounded once, and rounding is monotonic; so
where both give the same float64, it is the exact value rounded (Ziv 1991, "Fast evaluation of
elementary mathematical functions with correctly rounded last bit"), subnormal results included.
Where they differ, the value is open: see `points`.

**Range.**  Nothing overflows, since all that is given is at most 2^100 and r at most 2^100.  An
underflow in any operation costs at most 2^-1074, in constants times 2^450, and is far below w where
e >= 2^-500; a channel with a smaller bound, or one that is not a number, is left open as a whole.
Where c and h are known to be 0 (`constants`), y is beta and dx 0 without error, and e is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.oracle.quick import pairs
from conformance.oracle.quick.constants import Constants
from conformance.oracle.quick.pairs import Pair
from conformance.oracle.quick.ranges import Ints, Mask, Ranges, exponent, two_to
from conformance.oracle.quick.tiles import tiles, wide
from conformance.oracle.rounding import Floats

SLICE = 25
"""Bits of the high slice of a value: that of a constant has one more, and their product 51."""

BOUND_Y, BOUND_DX = 6, 7
"""Powers of two of e / w, as derived above."""

_REACH = 20
"""E is at least top - 20, so that what is rounded to a multiple of 2^g is below 2^(g + 51)."""

_NOTHING = -3000
"""The exponent of 0: below all others."""

_LEAST_BOUND = 2.0**-500

Open = tuple[Ints, Ints]
"""Channels and places of values that stay open, channel after channel."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a row is sliced; columns ``(C, 1)`` but for E and f."""

    E: Ints
    rounder: Floats
    centre: Floats  # m'
    f: Pair

    def slices(self, block: Floats, c: slice) -> tuple[Floats, Floats]:
        """``(s, l)`` of a block of the channels c."""
        high = block + self.rounder[c]
        high -= self.rounder[c]
        block -= high
        high -= self.centre[c]
        return high, block


@dataclass(frozen=True, slots=True)
class _Factor:
    """A constant cut in two, c' and c", and its leading float64; columns ``(C, 1)``."""

    high: Floats
    low: Floats
    whole: Floats

    def times(self, slices: tuple[Floats, Floats], c: slice) -> tuple[Floats, Floats]:
        """The high and the low part of the product with a sliced block."""
        s, rest = slices
        low = s * self.low[c]
        low += rest * self.whole[c]
        return s * self.high[c], low


@dataclass(frozen=True, slots=True)
class _Line:
    """Factors of a line, the sum of its constants cut in two, and e; columns ``(C, 1)``."""

    factors: tuple[_Factor, ...]
    high: Floats
    low: Floats
    bound: Floats

    def round(self, high: Floats, low: Floats, c: slice, into: Floats) -> Mask:
        """Ziv's test on a block: rounds it, and says which values stay open."""
        high += self.high[c]
        low += self.low[c]
        np.subtract(low, self.bound[c], out=into)
        into += high
        low += self.bound[c]
        low += high
        return np.asarray(into != low)


def rows(
    x: Array, dy: Array | None, constants: Constants, beta: Floats, *, spread: Ranges, slope: Ranges
) -> tuple[Floats, Floats | None, Open, Open]:
    """The rows of y and dx, ``(C, M)``, and which of their values stay open.

    Args:
        x: ``(C, M)``, finite.
        dy: The same, or None.
        constants: Of the channels.
        beta: ``(C,)``.
        spread: Ranges of x.
        slope: Ranges of dy.
    """
    x_grid, dy_grid = _grid(spread, constants.mean), _grid(slope, constants.slope_mean)
    y_line = _y_line(constants, beta, x_grid)
    dx_line = _dx_line(constants, x_grid, dy_grid)
    y = np.empty(x.shape)
    dx = None if dy is None else np.empty(x.shape)
    open_y: list[Open] = []
    open_dx: list[Open] = []
    for c, m in tiles(*x.shape):
        sliced = x_grid.slices(wide(x, c, m), c)
        (factor,) = y_line.factors
        _note(open_y, y_line.round(*factor.times(sliced, c), c, y[c, m]), c, m)
        if dy is None or dx is None:
            continue
        by_dy, by_x = dx_line.factors
        high, low = by_dy.times(dy_grid.slices(wide(dy, c, m), c), c)
        high_x, low_x = by_x.times(sliced, c)
        high -= high_x
        low -= low_x
        _note(open_dx, dx_line.round(high, low, c, dx[c, m]), c, m)
    return y, dx, _joined(open_y), _joined(open_dx)


def _grid(spread: Ranges, centre: Pair) -> _Grid:
    furthest = np.maximum(spread.largest - centre[0], centre[0] - spread.smallest)
    E = np.maximum(exponent(furthest), spread.top - _REACH)
    rounder = 1.5 * two_to(E - SLICE + 52)
    near = (centre[0] + rounder) - rounder
    return _Grid(E, rounder[:, None], near[:, None], pairs.plus_float(centre, -near))


def _y_line(constants: Constants, beta: Floats, grid: _Grid) -> _Line:
    gain = _zero_where(constants.settled_y, constants.gain)
    Z = pairs.plus_float(pairs.times(pairs.negative(gain), grid.f), beta)
    return _line((gain,), (grid.E,), Z, BOUND_Y, constants.settled_y)


def _dx_line(constants: Constants, x_grid: _Grid, dy_grid: _Grid) -> _Line:
    gain = _zero_where(constants.settled_dx, constants.gain)
    pull = _zero_where(constants.settled_dx, constants.pull)
    Z = pairs.plus(pairs.times(pull, x_grid.f), pairs.times(pairs.negative(gain), dy_grid.f))
    return _line((gain, pull), (dy_grid.E, x_grid.E), Z, BOUND_DX, constants.settled_dx)


def _line(
    factors: tuple[Pair, ...], sizes: tuple[Ints, ...], Z: Pair, bits: int, settled: Mask
) -> _Line:
    T = _exponent(Z[0])
    for factor, E in zip(factors, sizes, strict=True):
        T = np.maximum(T, E + _exponent(factor[0]))
    q = T - 51
    bound = two_to(q - 30 + bits)
    cut = tuple(_cut(p, q - (E - SLICE)) for p, E in zip(factors, sizes, strict=True))
    sound = (bound >= _LEAST_BOUND) & np.isfinite(Z[0])
    for factor in factors:
        sound &= np.isfinite(factor[0])
    bound = np.where(settled, 0.0, np.where(sound, bound, np.inf))
    rest = _cut(Z, q)
    return _Line(cut, rest.high, rest.low, bound[:, None])


def _cut(value: Pair, unit: Ints) -> _Factor:
    """Cut a pair at ``2**unit``."""
    rounder = 1.5 * two_to(unit + 52)
    high = (value[0] + rounder) - rounder
    low = (value[0] - high) + value[1]
    return _Factor(high[:, None], low[:, None], value[0][:, None])


def _exponent(values: Floats) -> Ints:
    return np.where(values == 0, _NOTHING, exponent(values))


def _zero_where(mask: Mask, value: Pair) -> Pair:
    return np.where(mask, 0.0, value[0]), np.where(mask, 0.0, value[1])


def _note(found: list[Open], mask: Mask, c: slice, m: slice) -> None:
    if mask.any():
        i, j = np.nonzero(mask)
        found.append((i + c.start, j + m.start))


def _joined(found: list[Open]) -> Open:
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    i, j = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(i, kind="stable")
    return i[order], j[order]
