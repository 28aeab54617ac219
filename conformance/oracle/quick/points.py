"""The second phase: single values that the slices leave open, once more in double-word numbers.

    y_i = gain (x_i - m) + beta        dx_i = gain (dy_i - a) - pull (x_i - m)

as in `constants`, with pairs for everything.  A difference is within 2^-96 |m| of the exact one for
the error of m and 2^-101 (|x| + |m|) for its own; a product adds 2^-96 of itself for the error of
the constant and 2^-101 for its own; the last sum 2^-101 of itself.  So with

    S = |gain| (|x| + |m|) + |beta|    or    S = |gain| (|dy| + |a|) + |pull| (|x| + |m|)

the error is at most (2^-96 + 2^-101 + 2^-96 + 2^-101 + 2^-101) S < 2^-94 S.  Rounding the low word
plus or minus the bound adds 2^-53 (2^-53 S + bound), so that e = 2^-93 S suffices for Ziv's test,
as in `lines`.  Where e is below 2^-500 an underflow could matter, and the value stays open.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array
from conformance.oracle.quick import pairs
from conformance.oracle.quick.constants import Constants
from conformance.oracle.quick.pairs import Pair
from conformance.oracle.quick.ranges import Ints, Mask
from conformance.oracle.rounding import Floats

BOUND = 2.0**-93
"""Of the error, relative to the sizes of what is added."""

_LEAST = 2.0**-500


def y(x: Array, constants: Constants, beta: Floats, c: Ints) -> tuple[Floats, Mask]:
    """Some values of y, and which are settled.

    Args:
        x: Their x, any shape ``(n,)``.
        constants: Of all channels.
        beta: ``(C,)``.
        c: The channel of each value.
    """
    part, size = _part(x, constants.mean, constants.gain, c)
    return _round(pairs.plus_float(part, beta[c]), size + np.abs(beta[c]))


def dx(x: Array, dy: Array, constants: Constants, c: Ints) -> tuple[Floats, Mask]:
    """Some values of dx, and which are settled; arguments as for `y`."""
    by_dy, size = _part(dy, constants.slope_mean, constants.gain, c)
    by_x, more = _part(x, constants.mean, constants.pull, c)
    return _round(pairs.plus(by_dy, pairs.negative(by_x)), size + more)


def _part(values: Array, centre: Pair, factor: Pair, c: Ints) -> tuple[Pair, Floats]:
    """``factor (value - centre)`` and the size of what it is made of."""
    wide = values.astype(np.float64)
    m, k = pairs.at(centre, c), pairs.at(factor, c)
    difference = pairs.plus_float(pairs.negative(m), wide)
    return pairs.times(difference, k), np.abs(k[0]) * (np.abs(wide) + np.abs(m[0]))


def _round(value: Pair, size: Floats) -> tuple[Floats, Mask]:
    error = BOUND * size
    low, high = value[0] + (value[1] - error), value[0] + (value[1] + error)
    return low, np.asarray((low == high) & (error >= _LEAST))
