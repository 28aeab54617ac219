"""The dialect with eps outside the root: ``y = gamma (x - mean) / (sigma + eps) + beta``.

sigma = sqrt(var) is the only irrational number of a channel, and the reciprocal is made rational
in it: with s = sigma,

    r = 1 / (s + eps) = (s - eps) / (var - eps^2)

so y and dgamma are p + q s with rational p, q.  The gradient follows from d sigma / d x_i =
(x_i - mean) / (M sigma):

    dx_i = gamma r (dy_i - mean(dy)) - gamma (x_i - mean) r^2 / (M s) sum_j dy_j (x_j - mean)
    r^2 / s = ((var + eps^2) s - 2 eps var) / (var (var - eps^2)^2)

which is p + q s again.  Each is enclosed by `math.isqrt` and rounded once, as in `rounding`.
At sigma = 0 sigma itself has no derivative, but y has: x_i - mean and sigma are both of the first
order there, so their product is of the second, and dx_i = gamma r (dy_i - mean(dy)).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.oracle.exact import Affine, Channel, ChannelResults
from conformance.oracle.rounding import Floats, round_fraction
from conformance.oracle.sums import BatchSums, GradientSums, power

_FIRST_PRECISION = 128


class _RootOutside:
    """sqrt(square), enclosed to any precision; exact where it is rational."""

    def __init__(self, square: Fraction) -> None:
        self.square = square
        num, den = square.numerator, square.denominator
        root_num, root_den = math.isqrt(num), math.isqrt(den)
        is_exact = root_num * root_num == num and root_den * root_den == den
        self.exact = Fraction(root_num, root_den) if is_exact else None
        self._enclosures: dict[int, tuple[Fraction, Fraction]] = {}

    def between(self, bits: int) -> tuple[Fraction, Fraction]:
        if bits not in self._enclosures:
            low = math.isqrt((self.square.numerator << 2 * bits) // self.square.denominator)
            self._enclosures[bits] = (Fraction(low, 1 << bits), Fraction(low + 1, 1 << bits))
        return self._enclosures[bits]

    def round(self, p: Fraction, q: Fraction) -> float:
        """``p + q * sqrt(square)``, correctly rounded."""
        if self.exact is not None or q == 0:
            return round_fraction(p + q * (self.exact or 0))
        bits = _FIRST_PRECISION
        while True:
            low, high = (round_fraction(p + q * end) for end in self.between(bits))
            if low == high:
                return low
            bits *= 2


@dataclass(frozen=True, slots=True)
class _Reciprocal:
    """r = 1 / (sigma + eps) as ``p + q sigma``."""

    p: Fraction
    q: Fraction

    @classmethod
    def of(cls, root: _RootOutside, eps: Fraction) -> _Reciprocal:
        known = root.exact
        if known is not None:
            return cls(1 / (known + eps), Fraction(0))
        gap = root.square - eps * eps
        return cls(-eps / gap, 1 / gap)


def train(channel: Channel) -> ChannelResults:
    """Training mode of one channel of finite numbers; ``sigma + eps`` must be positive."""
    return train_from(*channel.sums, channel.affine)


def train_from(sums: BatchSums, grad: GradientSums | None, affine: Affine) -> ChannelResults:
    """Training mode from the exact sums; y and dx of the values that `sums` and `grad` hold."""
    d = _deviations(sums, sums.mean)
    results: dict[str, Floats | float] = {
        "mean": round_fraction(sums.mean),
        "var": round_fraction(sums.var),
        **_normalized(affine, d, sums.var),
    }
    if grad is None:
        return results
    along = _along(sums, grad, sums.mean)
    root, gamma = _RootOutside(sums.var), Fraction(affine.gamma)
    r = _Reciprocal.of(root, Fraction(affine.eps))
    p, q = _square_over_root(root, Fraction(affine.eps))
    mean_dy = Fraction(grad.Sd, sums.M) * power(grad.ed)
    centred = [D * power(grad.ed) - mean_dy for D in grad.D]
    dx = [
        root.round(
            gamma * (g * r.p - a * along / sums.M * p), gamma * (g * r.q - a * along / sums.M * q)
        )
        for g, a in zip(centred, d, strict=True)
    ]
    return {**results, "dx": np.array(dx, dtype=np.float64), **_parameters(root, r, along, grad)}


def scaled(sums: BatchSums, grad: GradientSums, affine: Affine) -> Floats:
    """``gamma r dy`` of the values that `grad` holds, r from the sums of training mode."""
    root, gamma = _RootOutside(sums.var), Fraction(affine.gamma)
    r = _Reciprocal.of(root, Fraction(affine.eps))
    weights = [gamma * D * power(grad.ed) for D in grad.D]
    return np.array([root.round(w * r.p, w * r.q) for w in weights], dtype=np.float64)


def infer(channel: Channel, running_mean: float, running_var: float) -> ChannelResults:
    """Test mode of one channel of finite numbers; ``sigma + eps`` must be positive."""
    return infer_from(*channel.sums, channel.affine, running_mean, running_var)


def infer_from(
    sums: BatchSums,
    grad: GradientSums | None,
    affine: Affine,
    running_mean: float,
    running_var: float,
) -> ChannelResults:
    """Test mode from the exact sums; y and dx of the values that `sums` and `grad` hold."""
    mean, var = Fraction(running_mean), Fraction(running_var)
    results = _normalized(affine, _deviations(sums, mean), var)
    if grad is None:
        return results
    root = _RootOutside(var)
    r = _Reciprocal.of(root, Fraction(affine.eps))
    weights = [Fraction(affine.gamma) * D * power(grad.ed) for D in grad.D]
    dx = np.array([root.round(w * r.p, w * r.q) for w in weights], dtype=np.float64)
    return {**results, "dx": dx, **_parameters(root, r, _along(sums, grad, mean), grad)}


def _deviations(sums: BatchSums, mean: Fraction) -> list[Fraction]:
    unit = power(sums.ex)
    return [X * unit - mean for X in sums.X]


def _along(sums: BatchSums, grad: GradientSums, mean: Fraction) -> Fraction:
    """``sum_j dy_j (x_j - mean)``."""
    return (grad.Sdx * power(sums.ex) - grad.Sd * mean) * power(grad.ed)


def _normalized(affine: Affine, d: Sequence[Fraction], var: Fraction) -> ChannelResults:
    root, gamma, beta = _RootOutside(var), Fraction(affine.gamma), Fraction(affine.beta)
    r = _Reciprocal.of(root, Fraction(affine.eps))
    y = [root.round(beta + gamma * a * r.p, gamma * a * r.q) for a in d]
    return {"y": np.array(y, dtype=np.float64), "inv_std": root.round(r.p, r.q)}


def _parameters(
    root: _RootOutside, r: _Reciprocal, along: Fraction, grad: GradientSums
) -> ChannelResults:
    return {
        "dgamma": root.round(along * r.p, along * r.q),
        "dbeta": round_fraction(grad.Sd * power(grad.ed)),
    }


def _square_over_root(root: _RootOutside, eps: Fraction) -> tuple[Fraction, Fraction]:
    """``r^2 / sigma`` as ``(p, q)`` of ``p + q sigma``."""
    known, var = root.exact, root.square
    if var == 0:  # it multiplies x_i - mean, which is 0
        return Fraction(0), Fraction(0)
    if known is not None:
        return 1 / ((known + eps) ** 2 * known), Fraction(0)
    gap = (var - eps * eps) ** 2
    return -2 * eps / gap, (var + eps * eps) / (var * gap)
