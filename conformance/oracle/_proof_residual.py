"""Whether stored values are proven by their residuals, without a division.

A stored z that is normal is RN(v) if |z - v| is below half its spacing on both sides; times a
positive factor A that frees v of its root,

    |z A - v A| < h A,      h half the distance to the nearer neighbour.

With V = var + eps, s = sqrt(V), e_i = x_i - m0, f_i = dy_i - a0, mean m = m0 + m1 and mean of dy
a = a0 + a1, m0 and a0 being float64:

    y,  A = s:      R = (z - beta) s - gamma e_i + gamma m1
    dx, A = V s:    R = z V s - gamma V f_i + gamma p e_i + gamma V a1 - gamma p m1
                    p = sum dy_i (x_i - m) / M
    dx, A = s:      R = z s - gamma f_i                                  (test mode, a0 = 0)

which is the closed form of Ioffe and Szegedy (2015), section 3, times V s.  z - beta, e_i and f_i
are exact in two words and leading products are exact in two words (`_proof_pairs`); where the
stored value is right their heads cancel, and what the difference of the heads loses is 2^-53 of
that difference.  Low words are added as float64: at most 16 roundings of numbers below 2^-51 S,
with S the sum of the sizes of the products, so 2^-100 S.

The constants are within 2^-91 of themselves but for p, which is within 2^-93 max|dy| max|e|, and
m1 and a1, within 2^-94 of max|e| and max|dy| (`_proof_quick`).  So R is off by at most

    y:   2^-89 ((|z| + |beta|) s + |gamma| max|e|) + 2^-51 |gamma m1|
    dx:  2^-89 (|z| A + |gamma| max|dy| (V + max|e|^2)) + 2^-51 (|gamma V a1| + |gamma p m1|)

with |p| <= max|dy| max|e| and |f| <= 2 max|dy|.  The part of |z| is below 2^-34 h A, since h is at
least 2^-54 |z|, and is taken from the other side: |R| + error < (1 - 2^-33) h A.  h is 2^-53 times
the power of two below z (1 - 2^-53), half of what it would be if z is a power of two, whose
neighbour toward zero is nearer.  Of zeros and subnormal numbers it is 0, and of infinities and NaN
R is NaN: none of them is proven here.  An underflow costs at most 2^-1074 times 2^500, so that no
error is set below 2^-500.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conformance.oracle._proof_pairs import Pair, exact_product, exact_sum, halves
from conformance.oracle._proof_rounding import FloatArray

LEAST = 2.0**-500
"""No error is set below this: what underflow may cost is less."""

RESIDUAL = 2.0**-89
"""Of the error of a residual, as derived above."""

_HALF_SPACING = 2.0**-53 * (1 - 2.0**-32)  # with room for the rounding of h A itself
_BELOW = 1 - 2.0**-53
_EXPONENT_BITS = np.int64(0x7FF0000000000000)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Words:
    """A block of numbers ``high + low``, with the halves of `high`; no `low` counts as 0."""

    high: FloatArray
    halves: Pair
    low: FloatArray | None = None

    @classmethod
    def of(cls, high: FloatArray, low: FloatArray | None = None) -> Words:
        """Cut `high` in halves."""
        return cls(high, halves(high), low)


@dataclass(frozen=True, slots=True)
class Factor:
    """A constant per channel, ``(C, 1)``: its leading float64 with halves, and its rest."""

    high: FloatArray
    halves: Pair
    low: FloatArray

    @classmethod
    def of(cls, value: Pair) -> Factor:
        """From a pair of ``(C,)``."""
        high, low = value[0][:, None], value[1][:, None]
        return cls(high, halves(high), low)

    def times(self, words: Words, c: slice) -> Pair:
        """The product with two words: its head, and all else that matters."""
        own = self.halves[0][c], self.halves[1][c]
        p, r = exact_product(words.high, words.halves, self.high[c], own)
        r += words.high * self.low[c]
        if words.low is not None:
            r += words.low * self.high[c]
        return p, r


@dataclass(frozen=True, slots=True)
class Residual:
    """What the values of one output in all channels are held against; ``(C, 1)`` but for `by`.

    Attributes:
        scale: A.
        by: The factors of what v A is made of, subtracted.
        rest: What is added to every residual.
        error: Bound of the error of every residual, the part of |z| left out.
    """

    scale: Factor
    by: tuple[Factor, ...]
    rest: FloatArray
    error: FloatArray

    def proven(self, z: FloatArray, scaled: Words, c: slice, parts: list[Words]) -> Mask:
        """Which values of a block are proven.

        Args:
            z: The values, ``(c, m)``.
            scaled: What is multiplied by A.
            c: The channels of the block.
            parts: What the factors are multiplied by, one for each.
        """
        head, tail = self.scale.times(scaled, c)
        tail += self.rest[c]
        products = [f.times(part, c) for f, part in zip(self.by, parts, strict=True)]
        sum_head, sum_tail = products[0]
        for more_head, more_tail in products[1:]:
            sum_head, lost = exact_sum(sum_head, more_head)
            sum_tail += more_tail
            sum_tail += lost
        head -= sum_head
        tail -= sum_tail
        head += tail
        size = np.abs(head, out=head)
        size += self.error[c]
        return np.asarray(size < half_spacing(z) * self.scale.high[c])


def half_spacing(z: FloatArray) -> FloatArray:
    """A little less than half the distance from z to its nearer neighbour; 0 of a subnormal z."""
    below = z * _BELOW
    bits = below.view(np.int64)
    bits &= _EXPONENT_BITS
    below *= _HALF_SPACING
    return below


def proven_numbers(z: FloatArray, scale: Pair, value: Pair, error: FloatArray) -> Mask:
    """Which numbers z, ``(C,)``, are ``value / scale`` rounded.

    Args:
        z: The numbers.
        scale: A, within 2^-91 of itself.
        value: v A.
        error: Bound of the error of `value`.
    """
    head, tail = exact_product(z, halves(z), scale[0], halves(scale[0]))
    size = np.abs((head - value[0]) + ((tail - value[1]) + z * scale[1]))
    size += np.maximum(error + 2.0**-101 * np.abs(value[0]), LEAST)
    return np.asarray(size < half_spacing(z) * scale[0])
