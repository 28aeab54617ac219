"""Running statistics after a sequence of batches, exact and rounded once.

    running = (1 - momentum) * running + momentum * batch      (momentum weights the new value)

The batch's variance enters either biased (divided by M) or with the N-1 correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.case import Array
from conformance.oracle.rounding import round_fraction
from conformance.oracle.sums import batch_sums


@dataclass(frozen=True, slots=True)
class Running:
    """One channel's running statistics; `unbiased` is NaN where M is 1 and so undefined."""

    mean: float
    unbiased: float
    biased: float


def update(batches: Sequence[Array], mean: float, var: float, momentum: float) -> Running:
    """Feed one channel's batches, oldest first, each ``(M,)`` with M > 0.

    Where a statistic or the batches are not finite, the same recursion is IEEE float64's.
    """
    finite = all(bool(np.isfinite(np.asarray(b, dtype=np.float64)).all()) for b in batches)
    exact_sums = [batch_sums(batch) for batch in batches] if finite else []
    undefined = any(len(batch) == 1 for batch in batches)
    unbiased = float("nan")
    with np.errstate(all="ignore"):
        wide = [np.asarray(batch, dtype=np.float64) for batch in batches]
        if finite and np.isfinite(mean):
            mean_after = _recur([s.mean for s in exact_sums], mean, momentum)
        else:
            mean_after = _recur_ieee([float(b.mean()) for b in wide], mean, momentum)
        if finite and np.isfinite(var):
            biased = _recur([s.var for s in exact_sums], var, momentum)
            if not undefined:
                corrected = [s.var * Fraction(s.M, s.M - 1) for s in exact_sums]
                unbiased = _recur(corrected, var, momentum)
        else:
            biased = _recur_ieee([float(b.var()) for b in wide], var, momentum)
            unbiased = float("nan") if undefined else biased
    return Running(mean_after, unbiased, biased)


def _recur(statistics: Sequence[Fraction], start: float, momentum: float) -> float:
    new, at = Fraction(momentum), Fraction(start)
    for statistic in statistics:
        at = (1 - new) * at + new * statistic
    return round_fraction(at)


def _recur_ieee(statistics: Sequence[float], start: float, momentum: float) -> float:
    """The result is NaN or infinite, and the same under either correction."""
    at = start
    for statistic in statistics:
        at = (1 - momentum) * at + momentum * statistic
    return at
