"""The exact sums of one channel: everything that training mode needs to know of x and dy.

Notation as in the literature: x_i = X_i 2^ex and dy_i = D_i 2^ed with integers X, D;
S1 = sum X, Sxx = sum X^2, Sd = sum D, Sdx = sum X D over the M values of the channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from operator import mul

from conformance.case import Array
from conformance.oracle.rounding import integers


@dataclass(frozen=True, slots=True)
class BatchSums:
    """X of one channel and its sums; all exact.

    The sums are over all M values of the channel; X may hold some of them, where the results of
    no others are asked for.
    """

    X: list[int]
    ex: int
    S1: int
    Sxx: int
    M: int

    @property
    def W(self) -> int:  # noqa: N802 - the name in the formulas
        """M Sxx - S1^2: the biased variance is W 2^(2 ex) / M^2."""
        return self.M * self.Sxx - self.S1 * self.S1

    @property
    def mean(self) -> Fraction:
        """S1 2^ex / M."""
        return Fraction(self.S1, self.M) * power(self.ex)

    @property
    def var(self) -> Fraction:
        """The biased variance, W 2^(2 ex) / M^2."""
        return Fraction(self.W, self.M * self.M) * power(2 * self.ex)


@dataclass(frozen=True, slots=True)
class GradientSums:
    """D of one channel, its sum, and its sum of products with X; all exact.

    D holds those of the values that X holds.
    """

    D: list[int]
    ed: int
    Sd: int
    Sdx: int


def power(exponent: int) -> Fraction:
    """2^exponent, exact for negative exponents too."""
    return Fraction(1 << exponent) if exponent >= 0 else Fraction(1, 1 << -exponent)


def batch_sums(x: Array) -> BatchSums:
    """The sums of one channel of x, shape ``(M,)``, finite."""
    X, ex = integers(x)
    return BatchSums(X, ex, sum(X), sum(map(mul, X, X)), len(X))


def gradient_sums(dy: Array, X: list[int]) -> GradientSums:
    """The sums of one channel of dy, shape ``(M,)``, finite, with the integers of its x."""
    D, ed = integers(dy)
    return GradientSums(D, ed, sum(D), sum(map(mul, X, D)))
