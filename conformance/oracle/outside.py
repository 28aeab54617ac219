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

from conformance.case import Array
from conformance.oracle.exact import Channel, ChannelResults
from conformance.oracle.rounding import Floats, round_fraction

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
    x = _fractions(channel.x)
    mean = sum(x, Fraction(0)) / len(x)
    d = [value - mean for value in x]
    var = sum((value * value for value in d), Fraction(0)) / len(x)
    results = {"mean": round_fraction(mean), "var": round_fraction(var)}
    return {**results, **_normalized(channel, d, var), **_gradient(channel, d, var)}


def infer(channel: Channel, running_mean: float, running_var: float) -> ChannelResults:
    """Test mode of one channel of finite numbers; ``sigma + eps`` must be positive."""
    d = [value - Fraction(running_mean) for value in _fractions(channel.x)]
    var = Fraction(running_var)
    results = dict(_normalized(channel, d, var))
    if channel.dy is not None:
        root = _RootOutside(var)
        r = _Reciprocal.of(root, Fraction(channel.eps))
        weights = [Fraction(channel.gamma) * value for value in _fractions(channel.dy)]
        results["dx"] = np.array([root.round(w * r.p, w * r.q) for w in weights])
    return results


def _normalized(channel: Channel, d: Sequence[Fraction], var: Fraction) -> ChannelResults:
    root, gamma, beta = _RootOutside(var), Fraction(channel.gamma), Fraction(channel.beta)
    r = _Reciprocal.of(root, Fraction(channel.eps))
    results: dict[str, Floats | float] = {
        "y": np.array([root.round(beta + gamma * a * r.p, gamma * a * r.q) for a in d]),
        "inv_std": root.round(r.p, r.q),
    }
    if channel.dy is not None:
        dy = _fractions(channel.dy)
        along = sum((g * a for g, a in zip(dy, d, strict=True)), Fraction(0))
        results["dgamma"] = root.round(along * r.p, along * r.q)
        results["dbeta"] = round_fraction(sum(dy, Fraction(0)))
    return results


def _gradient(channel: Channel, d: Sequence[Fraction], var: Fraction) -> ChannelResults:
    if channel.dy is None:
        return {}
    root, eps, gamma = _RootOutside(var), Fraction(channel.eps), Fraction(channel.gamma)
    r, dy = _Reciprocal.of(root, eps), _fractions(channel.dy)
    mean_dy = sum(dy, Fraction(0)) / len(dy)
    along = sum((g * a for g, a in zip(dy, d, strict=True)), Fraction(0)) / len(dy)
    p, q = _square_over_root(root, eps)
    dx = [
        root.round(
            gamma * ((g - mean_dy) * r.p - a * along * p),
            gamma * ((g - mean_dy) * r.q - a * along * q),
        )
        for g, a in zip(dy, d, strict=True)
    ]
    return {"dx": np.array(dx)}


def _square_over_root(root: _RootOutside, eps: Fraction) -> tuple[Fraction, Fraction]:
    """``r^2 / sigma`` as ``(p, q)`` of ``p + q sigma``."""
    known, var = root.exact, root.square
    if var == 0:  # it multiplies x_i - mean, which is 0
        return Fraction(0), Fraction(0)
    if known is not None:
        return 1 / ((known + eps) ** 2 * known), Fraction(0)
    gap = (var - eps * eps) ** 2
    return -2 * eps / gap, (var + eps * eps) / (var * gap)


def _fractions(values: Array) -> list[Fraction]:
    return [Fraction(v) for v in np.asarray(values, dtype=np.float64).tolist()]
