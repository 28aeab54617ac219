"""Exact results of one channel, each rounded once: the integer method.

With the sums of `conformance.oracle.sums`, gamma = G 2^eg, and U an integer such that

    var + eps = U 2^t / M^2  (training)        running_var + eps = U 2^t  (test),    t even,

every result is an integer times one square root per channel (plus beta):

    training, A_i = M X_i - S1, P = M Sdx - S1 Sd, K_i = (M D_i - Sd) U - A_i P 2^(2 ex - t):
        y_i = G A_i / sqrt(U) 2^(eg + ex - t/2) + beta       inv_std = M / sqrt(U) 2^(-t/2)
        dgamma = P / sqrt(U) 2^(ex + ed - t/2)               dbeta = Sd 2^ed
        dx_i = G K_i / sqrt(U^3) 2^(eg + ed - t/2)

    test, x_i - running_mean = Z_i 2^ez:
        y_i = G Z_i / sqrt(U) 2^(eg + ez - t/2) + beta       inv_std = 1 / sqrt(U) 2^(-t/2)
        dgamma = sum(D Z) / sqrt(U) 2^(ed + ez - t/2)
        dx_i = G D_i / sqrt(U) 2^(eg + ed - t/2)

The gradient is the closed form of Ioffe and Szegedy (2015), section 3, brought over one
denominator, so nothing cancels and nothing is divided before the one rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from conformance.case import Array
from conformance.oracle.rounding import (
    Floats,
    integer,
    round_fraction,
    round_integers,
    round_surds,
)
from conformance.oracle.sums import BatchSums, GradientSums, batch_sums, gradient_sums

ChannelResults: TypeAlias = Mapping[str, Floats | float]
"""Output names to ``(M,)`` arrays (y, dx) or numbers (all others) of one channel."""


@dataclass(frozen=True, slots=True)
class Affine:
    """What is given to a channel beside its values; all finite."""

    gamma: float
    beta: float
    eps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The finite inputs of one channel; x and dy have shape ``(M,)``."""

    x: Array
    dy: Array | None
    gamma: float
    beta: float
    eps: float

    @property
    def affine(self) -> Affine:
        """The numbers without the arrays."""
        return Affine(self.gamma, self.beta, self.eps)

    @property
    def sums(self) -> tuple[BatchSums, GradientSums | None]:
        """The exact sums of x, and those of dy where there is one."""
        sums = batch_sums(self.x)
        return sums, None if self.dy is None else gradient_sums(self.dy, sums.X)


def train(channel: Channel) -> ChannelResults:
    """Training mode; ``var + eps`` must be positive."""
    return train_from(*channel.sums, channel.affine)


def train_from(sums: BatchSums, grad: GradientSums | None, affine: Affine) -> ChannelResults:
    """Training mode from the exact sums; y and dx of the values that `sums` and `grad` hold."""
    U, t = scaled_variance(sums, affine.eps)
    root, half = Fraction(1, U), -t // 2
    G, eg = integer(affine.gamma)
    a, b = G * sums.M, G * sums.S1
    results: dict[str, Floats | float] = {
        "y": round_surds(
            [a * X - b for X in sums.X], root, eg + sums.ex + half, integer(affine.beta)
        ),
        "mean": round_fraction(sums.mean),
        "var": round_fraction(sums.var),
        "inv_std": float(round_surds([sums.M], root, half)[0]),
    }
    if grad is None:
        return results
    P = sums.M * grad.Sdx - sums.S1 * grad.Sd
    # K_i = D_i (M U) - X_i (M P') + (S1 P' - Sd U) with P' = P 2^(2 ex - t)
    shifted = P << (2 * sums.ex - t)
    by_D, by_X = G * sums.M * U, G * sums.M * shifted
    rest = G * (sums.S1 * shifted - grad.Sd * U)
    K = [by_D * D - by_X * X + rest for D, X in zip(grad.D, sums.X, strict=True)]
    results["dx"] = round_surds(K, Fraction(1, U**3), eg + grad.ed + half)
    results["dgamma"] = float(round_surds([P], root, sums.ex + grad.ed + half)[0])
    results["dbeta"] = float(round_integers([grad.Sd], grad.ed)[0])
    return results


def scaled(sums: BatchSums, grad: GradientSums, affine: Affine) -> Floats:
    """``gamma r dy`` of the values that `grad` holds, r from the sums of training mode."""
    U, t = scaled_variance(sums, affine.eps)
    G, eg = integer(affine.gamma)
    return round_surds([G * sums.M * D for D in grad.D], Fraction(1, U), eg + grad.ed - t // 2)


def infer(channel: Channel, running_mean: float, running_var: float) -> ChannelResults:
    """Test mode; ``running_var + eps`` must be positive."""
    return infer_from(*channel.sums, channel.affine, running_mean, running_var)


def infer_from(
    sums: BatchSums,
    grad: GradientSums | None,
    affine: Affine,
    running_mean: float,
    running_var: float,
) -> ChannelResults:
    """Test mode from the exact sums; y and dx of the values that `sums` and `grad` hold."""
    R, er = integer(running_mean)
    ez = min(sums.ex, er) if R else sums.ex
    up, R = sums.ex - ez, R << (er - ez) if R else 0
    U, t = _over_even_power(Fraction(running_var) + Fraction(affine.eps))
    root, half = Fraction(1, U), -t // 2
    G, eg = integer(affine.gamma)
    multiples = [G * ((X << up) - R) for X in sums.X]
    results: dict[str, Floats | float] = {
        "y": round_surds(multiples, root, eg + ez + half, integer(affine.beta)),
        "inv_std": float(round_surds([1], root, half)[0]),
    }
    if grad is None:
        return results
    along = (grad.Sdx << up) - R * grad.Sd
    results["dx"] = round_surds([G * d for d in grad.D], root, eg + grad.ed + half)
    results["dgamma"] = float(round_surds([along], root, ez + grad.ed + half)[0])
    results["dbeta"] = float(round_integers([grad.Sd], grad.ed)[0])
    return results


def scaled_variance(sums: BatchSums, eps: float) -> tuple[int, int]:
    """U and t of ``var + eps = U 2^t / M^2``, with t even and at most ``2 ex``."""
    E, ee = integer(eps)
    t = min(2 * sums.ex, ee - ee % 2) if E else 2 * sums.ex
    U = (sums.W << (2 * sums.ex - t)) + (sums.M * sums.M * E << (ee - t) if E else 0)
    return U, t


def _over_even_power(value: Fraction) -> tuple[int, int]:
    """``(U, t)`` with ``value == U * 2**t``, t even, for a dyadic value."""
    t = 1 - value.denominator.bit_length()
    t -= t % 2
    return value.numerator << (1 - value.denominator.bit_length() - t), t
