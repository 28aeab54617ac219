"""The exact values of one channel, in integers over common units, from the definitions.

The sums here are those of the two-pass textbook: deviations first, then their squares.  Nothing
cancels, because nothing is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import compress
from operator import mul
from typing import TypeAlias

import numpy as np

from conformance.oracle._proof_ieee import Extended, Wild, finite, inverse_root, plus, times
from conformance.oracle._proof_integers import in_unit, ratio, unit_of, whole_numbers
from conformance.oracle._proof_rounding import FloatArray, Line
from conformance.oracle._proof_running import follow, moments, sum_of_wild

Answer: TypeAlias = Line | list[Line | float]
"""The values of one output in one channel; a float is the NaN or infinity that is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all channels of a case share; names as in `conformance.case.Inputs`."""

    count: int
    bits: int
    training: bool
    eps: Extended
    momentum: Extended


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel: ``x``, ``dy`` and each batch of ``earlier`` have shape ``(M,)``.

    In the formulas, X and D are the integers of x and dy, A of the deviations times M, P of
    ``sum dy (x - mean)`` times M, W of ``M^2 (var + eps)``.  In test mode M counts as 1 and the
    mean and variance are the running ones.  Values that are not finite count as 0 in the
    integers; `Wild` gives what depends on them.  `dy` is empty where there is none, and the
    running statistics are 0 where none are kept: nothing that needs them is then due.  `counted`
    says which values the statistics are of, M of them; None for all.
    """

    setting: Setting
    x: FloatArray
    dy: FloatArray
    gamma: Extended
    beta: Extended
    running_mean: Extended
    running_var: Extended
    earlier: Sequence[FloatArray]
    counted: Sequence[bool] | None = None

    def answers(self, names: Sequence[str]) -> Mapping[str, Answer]:
        """The exact values of the outputs called `names`, all of them due."""
        formulas: dict[str, Callable[[], Answer]] = {
            "y": self._y,
            "dx": self._dx,
            "dgamma": self._dgamma,
            "dbeta": self._dbeta,
            "mean": self._mean,
            "var": self._var,
            "inv_std": self._inv_std,
            "running_mean": self._running_mean,
            "running_var": self._running_var,
            "running_var_biased": self._running_var_biased,
        }
        return {name: formulas[name]() for name in names}

    # Integers

    @cached_property
    def _scaled_x(self) -> tuple[list[int], int]:
        """X and its unit, in which running_mean, and in whose square eps, are integers too."""
        tame = np.where(np.isfinite(self.x), self.x, 0.0)
        X, unit = whole_numbers(tame, self.setting.bits)
        fine = min(unit, unit_of(finite(self.setting.eps)) // 2)
        if not self.setting.training:
            fine = min(fine, unit_of(self._centre), unit_of(self._spread) // 2)
        return [a << (unit - fine) for a in X] if fine < unit else X, fine

    @cached_property
    def _scaled_dy(self) -> tuple[list[int], int]:
        tame = np.where(np.isfinite(self.dy), self.dy, 0.0)
        return whole_numbers(tame, self.setting.bits)

    @property
    def _centre(self) -> Fraction:
        return finite(self.running_mean)

    @property
    def _spread(self) -> Fraction:
        return finite(self.running_var)

    @cached_property
    def _count(self) -> int:
        if not self.setting.training:
            return 1
        return self.setting.count if self.counted is None else sum(self.counted)

    def _of_statistics(self, values: list[int]) -> list[int]:
        """Those of the values that the statistics are of."""
        return values if self.counted is None else list(compress(values, self.counted))

    @cached_property
    def _deviations(self) -> list[int]:
        X, unit = self._scaled_x
        M = self._count
        S = sum(self._of_statistics(X)) if self.setting.training else in_unit(self._centre, unit)
        return [M * a - S for a in X]

    @cached_property
    def _squares(self) -> int:
        """``sum (M (x - mean))^2 = M^3 var``; M divides it, since M^2 var = M Sxx - S1^2."""
        counted = self._of_statistics(self._deviations)
        return sum(map(mul, counted, counted))

    @cached_property
    def _radicand(self) -> int:
        unit = 2 * self._scaled_x[1]
        eps = in_unit(finite(self.setting.eps), unit)
        if not self.setting.training:
            return in_unit(self._spread, unit) + eps
        return self._squares // self._count + self._count**2 * eps

    @cached_property
    def _products(self) -> int:
        return sum(map(mul, self._scaled_dy[0], self._deviations))

    # What is not finite

    @cached_property
    def _inverse_root(self) -> Extended | None:
        var = self._variance if self.setting.training else self.running_var
        return inverse_root(plus(var, self.setting.eps))

    @cached_property
    def _wild(self) -> Wild | None:
        parts = [self.gamma, self.beta] + [self.running_mean] * (not self.setting.training)
        tame = bool(np.isfinite(self.x).all() and np.isfinite(self.dy).all())
        if tame and self._inverse_root is None and not any(isinstance(p, float) for p in parts):
            return None
        return Wild(
            training=self.setting.training,
            deviations=self._wild_deviations(),
            gradients=_restore(self.dy, self._scaled_dy[0]),
            inverse_root=self._inverse_root,
            radicand=self._radicand,
            gamma=self.gamma,
            beta=self.beta,
        )

    def _wild_deviations(self) -> list[Extended]:
        """A; in training what is not finite makes the root NaN, so it need not show here."""
        if self.setting.training:
            return list(self._deviations)
        centre = self.running_mean if isinstance(self.running_mean, float) else 0
        return [plus(a, times(-1, centre)) for a in _restore(self.x, self._deviations)]

    def _unless_wild(self, line: Line, wild: Sequence[Extended]) -> Answer:
        """The values of `line`, but for those that something not finite decides."""
        regular = self._inverse_root is None
        return [
            v if isinstance(v, float) else line.pick([i]) if regular else Line.rational(v)
            for i, v in enumerate(wild)
        ]

    # Outputs, under their own names

    def _y(self) -> Answer:
        gamma, beta = finite(self.gamma), finite(self.beta)
        line = Line(
            numerators=self._deviations,
            factor=gamma.numerator,
            exponent=unit_of(gamma),
            radicand=max(self._radicand, 1),
            shift=beta.numerator,
            shift_exponent=unit_of(beta),
        )
        return line if self._wild is None else self._unless_wild(line, self._wild.y())

    def _dx(self) -> Answer:
        D, unit = self._scaled_dy
        K, W = D, self._radicand
        if self.setting.training:
            M, P, total = self._count, self._products, sum(D)
            through = [total * W + a * P for a in self._deviations]
            if self.counted is not None:  # no statistic depends on the others
                through = [t * c for t, c in zip(through, self.counted, strict=True)]
            K = [M * d * W - t for d, t in zip(D, through, strict=True)]
        gamma = finite(self.gamma)
        line = Line(
            numerators=K,
            factor=gamma.numerator,
            exponent=unit_of(gamma) + unit - self._scaled_x[1],
            radicand=max(W, 1) ** (3 if self.setting.training else 1),
        )
        return line if self._wild is None else self._unless_wild(line, self._wild.dx())

    def _dgamma(self) -> Answer:
        line = Line(
            numerators=(self._products,),
            exponent=self._scaled_dy[1],
            radicand=max(self._radicand, 1),
        )
        return line if self._wild is None else self._unless_wild(line, [self._wild.dgamma()])

    def _dbeta(self) -> Answer:
        if not np.isfinite(self.dy).all():
            return _rational(sum_of_wild(self.dy))
        D, unit = self._scaled_dy
        return _rational(ratio(sum(D), 1, unit))

    def _inv_std(self) -> Answer:
        if self._inverse_root is not None:
            return _rational(self._inverse_root)
        return Line(numerators=(self._count,), exponent=-self._scaled_x[1], radicand=self._radicand)

    @cached_property
    def _average(self) -> Extended:
        if not np.isfinite(self.x).all():
            return sum_of_wild(self.x)
        X, unit = self._scaled_x
        return ratio(sum(self._of_statistics(X)), self._count, unit)

    @cached_property
    def _variance(self) -> Extended:
        if not np.isfinite(self.x).all():
            return math.nan
        return ratio(self._squares, self._count**3, 2 * self._scaled_x[1])

    def _mean(self) -> Answer:
        return _rational(self._average)

    def _var(self) -> Answer:
        return _rational(self._variance)

    # Running statistics

    def _running_mean(self) -> Answer:
        means = [mean for mean, _ in self._batches]
        return _rational(follow(self.running_mean, means, self.setting.momentum))

    def _running_var(self) -> Answer:
        M = self._count
        return self._running_variance(Fraction(M, M - 1) if self.setting.training else 1)

    def _running_var_biased(self) -> Answer:
        return self._running_variance(1)

    def _running_variance(self, correction: Extended) -> Answer:
        variances = [times(var, correction) for _, var in self._batches]
        return _rational(follow(self.running_var, variances, self.setting.momentum))

    @cached_property
    def _batches(self) -> list[tuple[Extended, Extended]]:
        """Mean and biased variance of each batch that updates the running statistics."""
        if not self.setting.training or self._count == 0:
            return []
        earlier = [moments(batch, self.setting.bits) for batch in self.earlier]
        return [*earlier, (self._average, self._variance)]


def _restore(values: FloatArray, tame: Sequence[int]) -> list[Extended]:
    """`tame` with the NaNs and infinities of `values` back in their places."""
    pairs = zip(values.tolist(), tame, strict=True)
    return [t if math.isfinite(v) else v for v, t in pairs]


def _rational(value: Extended) -> Answer:
    return [value] if isinstance(value, float) else Line.rational(value)
