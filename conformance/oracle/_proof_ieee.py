"""The textbook formulas where an infinity, a NaN or a root of nothing takes part.

Finite numbers stay exact integers or fractions; a float here is always NaN or an infinity, and
meets a finite number only by the sign of that number.  So intermediate overflow and rounding,
accidents of one order of evaluation, never decide what is expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Extended: TypeAlias = int | Fraction | float
"""An exact number, or a float that is NaN or an infinity."""


def extended(value: float) -> Extended:
    """The exact number that `value` is, or `value` itself if it is none."""
    return Fraction(value) if math.isfinite(value) else value


def finite(value: Extended) -> Fraction:
    """The number that `value` is; 0 if it is none."""
    return Fraction(0) if isinstance(value, float) else Fraction(value)


def plus(*terms: Extended) -> Extended:
    """Sum as IEEE 754 has it: ``inf - inf`` is NaN, infinity absorbs every number."""
    wild = [t for t in terms if isinstance(t, float)]
    return sum(wild) if wild else sum(terms)


def times(*factors: Extended) -> Extended:
    """Product as IEEE 754 has it: ``0 * inf`` is NaN."""
    if not any(isinstance(f, float) for f in factors):
        return math.prod(factors)
    return math.prod(f if isinstance(f, float) else float((f > 0) - (f < 0)) for f in factors)


def inverse_root(radicand: Extended) -> Extended | None:
    """``1 / sqrt(radicand)`` where IEEE 754 alone decides it; None where it is a number."""
    if not isinstance(radicand, float) and radicand > 0:
        return None
    if radicand == 0:
        return math.inf
    return 0 if radicand == math.inf else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Wild:
    """One channel in which something is not finite, or whose root is not a number.

    Attributes:
        training: Whether the channel is normalized by its own statistics.
        deviations: ``x - mean`` of each value, by any positive scale.
        gradients: dy of each value, by any positive scale.
        inverse_root: 0, infinity or NaN; None for a positive number, which changes no sign.
        radicand: M^2 (var + eps) in the squared scale of `deviations` divided by M, where
            `inverse_root` is None.
        gamma: Scale.
        beta: Shift.
    """

    training: bool
    deviations: Sequence[Extended]
    gradients: Sequence[Extended]
    inverse_root: Extended | None
    radicand: int
    gamma: Extended
    beta: Extended

    @property
    def x_hat(self) -> list[Extended]:
        """Normalized values, their sign and class only where the root is a number."""
        r: Extended = 1 if self.inverse_root is None else self.inverse_root
        return [times(d, r) for d in self.deviations]

    def y(self) -> list[Extended]:
        """``gamma x_hat + beta``."""
        return [plus(times(self.gamma, hat), self.beta) for hat in self.x_hat]

    def dgamma(self) -> Extended:
        """``sum dy x_hat``."""
        return plus(*(times(d, h) for d, h in zip(self.gradients, self.x_hat, strict=True)))

    def dx(self) -> list[Extended]:
        """``gamma r dy``; when training ``gamma r / M (M dy - dbeta - x_hat dgamma)``.

        The second is Ioffe and Szegedy (2015), section 3, with the chain rule collected.
        """
        D = self.gradients
        r: Extended = 1 if self.inverse_root is None else self.inverse_root
        if not self.training:
            return [times(self.gamma, d, r) for d in D]
        M, dbeta, dgamma = len(D), plus(*D), self.dgamma()
        scale = self.radicand if self.inverse_root is None else 1
        centred = (times(scale, plus(times(M, d), times(-1, dbeta))) for d in D)
        return [
            times(self.gamma, r, plus(c, times(-1, hat, dgamma)))
            for c, hat in zip(centred, self.x_hat, strict=True)
        ]
