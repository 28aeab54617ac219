"""What all values of a channel share, as pairs, from its exact sums.

With m the mean, a the mean of dy and r the reciprocal root,

    y_i = gain (x_i - m) + beta        dx_i = gain (dy_i - a) - pull (x_i - m)

    gain = gamma r,   along = sum_j dy_j (x_j - m)
    eps inside:   r = 1 / sqrt(var + eps)      pull = gain (along / M) / (var + eps)
    eps outside:  r = 1 / (sigma + eps)        pull = gain (along / M) r / sigma,  sigma = sqrt(var)

which is the closed form of Ioffe and Szegedy (2015), section 3, with its sums collected; in test
mode m and var are the running ones, a and pull are 0.  At sigma = 0 there is no pull: see
`conformance.oracle.outside`.

The sums that cancel, M Sxx - S1^2 and M Sdx - S1 Sd, are formed of integers.  What follows are at
most 12 operations without cancellation, the root halving what it is given and the sums being of
numbers that are not negative: every pair but those of `along` in test mode is within `RELATIVE` =
2^-96 of its exact value, relative to it, since 12 * 2^-101 < 2^-97.  `along` of test mode is a
difference, whose error is told beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from conformance.oracle.quick import pairs
from conformance.oracle.quick.limbs import Sums
from conformance.oracle.quick.pairs import Pair
from conformance.oracle.quick.ranges import Mask, Ranges
from conformance.oracle.rounding import Floats

RELATIVE = 2.0**-96
"""Largest relative error of a constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """What is given per channel, ``(C,)``, beside x and dy; eps is of all channels."""

    gamma: Floats
    beta: Floats
    running_mean: Floats
    running_var: Floats
    eps: float
    eps_outside: bool

    def at(self, channels: Mask) -> Affine:
        """Those of some channels."""
        return replace(
            self,
            gamma=self.gamma[channels],
            beta=self.beta[channels],
            running_mean=self.running_mean[channels],
            running_var=self.running_var[channels],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Named as in the formulas above; pairs of ``(C,)``.

    Attributes:
        along_error: Bound of the absolute error of `along`, ``(C,)``.
        settled_y: Where y is beta, all values of x being the mean or gamma 0.
        settled_dx: Where dx is 0, all values of dy being the same and `along` 0, or gamma 0.
    """

    mean: Pair
    var: Pair
    inv_std: Pair
    gain: Pair
    dbeta: Pair
    slope_mean: Pair
    pull: Pair
    along: Pair
    along_error: Floats
    settled_y: Mask
    settled_dx: Mask


def training(sums: Sums, affine: Affine, spread: Ranges, slope: Ranges) -> Constants:
    """The constants of training mode; where ``var + eps`` is 0 they are not finite."""
    M = np.full(len(sums.ex), float(sums.M))
    mean, var = moments(sums)
    P = sums.M * sums.Sdx - sums.S1 * sums.Sd
    along = pairs.over_float(pairs.from_integers(P, sums.ex + sums.ed), M)
    dbeta = pairs.from_integers(sums.Sd, sums.ed)
    inv_std, by_x = _roots(var, affine)
    gain = pairs.times_float(inv_std, affine.gamma)
    pull = pairs.times(gain, pairs.times(pairs.over_float(along, M), by_x))
    still = slope.constant & (P == 0)
    return Constants(
        mean=mean,
        var=var,
        inv_std=inv_std,
        gain=gain,
        dbeta=dbeta,
        slope_mean=pairs.over_float(dbeta, M),
        pull=_zero_where(var[0] == 0, pull),
        along=along,
        along_error=RELATIVE * np.abs(along[0]),
        settled_y=spread.constant | (affine.gamma == 0),
        settled_dx=still.astype(np.bool_) | (affine.gamma == 0),
    )


def moments(sums: Sums) -> tuple[Pair, Pair]:
    """Mean and biased variance: S1 2^ex / M and W 2^(2 ex) / M^2."""
    M = np.full(len(sums.ex), float(sums.M))
    W = sums.M * sums.Sxx - sums.S1 * sums.S1
    mean = pairs.over_float(pairs.from_integers(sums.S1, sums.ex), M)
    return mean, pairs.over_float(pairs.over_float(pairs.from_integers(W, 2 * sums.ex), M), M)


def testing(sums: Sums, affine: Affine, slope: Ranges) -> Constants:
    """The constants of test mode."""
    zero = pairs.exactly(np.zeros(len(sums.ex)))
    mean, var = pairs.exactly(affine.running_mean), pairs.exactly(affine.running_var)
    inv_std, _ = _roots(var, affine)
    products = pairs.from_integers(sums.Sdx, sums.ex + sums.ed)
    dbeta = pairs.from_integers(sums.Sd, sums.ed)
    shift = pairs.times_float(dbeta, -affine.running_mean)
    return Constants(
        mean=mean,
        var=var,
        inv_std=inv_std,
        gain=pairs.times_float(inv_std, affine.gamma),
        dbeta=dbeta,
        slope_mean=zero,
        pull=zero,
        along=pairs.plus(products, shift),
        along_error=RELATIVE * (np.abs(products[0]) + np.abs(shift[0])),
        settled_y=affine.gamma == 0,
        settled_dx=(affine.gamma == 0) | ((slope.largest == 0) & (slope.smallest == 0)),
    )


def _roots(var: Pair, affine: Affine) -> tuple[Pair, Pair]:
    """r, and what `along` / M times `gain` is multiplied by to be `pull`."""
    eps = np.full(len(var[0]), affine.eps)
    one = pairs.exactly(np.ones(len(eps)))
    if not affine.eps_outside:
        square = pairs.plus_float(var, eps)
        return pairs.over(one, pairs.root(square)), pairs.over(one, square)
    sigma = _zero_where(var[0] == 0, pairs.root(var))
    r = pairs.over(one, pairs.plus_float(sigma, eps))
    return r, pairs.over(r, sigma)


def _zero_where(mask: Mask, value: Pair) -> Pair:
    return np.where(mask, 0.0, value[0]), np.where(mask, 0.0, value[1])
