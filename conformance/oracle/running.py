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

    If anything is not finite the same recursion is evaluated in IEEE float64.
    """
    finite = all(np.isfinite(b).all() for b in batches) and np.isfinite([mean, var]).all()
    if not finite:
        return _update_ieee(batches, mean, var, momentum)
    new = Fraction(momentum)
    old = 1 - new
    at_mean, at_unbiased, at_biased = Fraction(mean), Fraction(var), Fraction(var)
    for batch in batches:
        sums = batch_sums(batch)
        corrected = sums.var * Fraction(sums.M, sums.M - 1) if sums.M > 1 else Fraction(0)
        at_mean = old * at_mean + new * sums.mean
        at_unbiased = old * at_unbiased + new * corrected
        at_biased = old * at_biased + new * sums.var
    undefined = any(len(batch) == 1 for batch in batches)
    return Running(
        round_fraction(at_mean),
        float("nan") if undefined else round_fraction(at_unbiased),
        round_fraction(at_biased),
    )


def _update_ieee(batches: Sequence[Array], mean: float, var: float, momentum: float) -> Running:
    unbiased = biased = var
    with np.errstate(all="ignore"):
        for batch in batches:
            wide = np.asarray(batch, dtype=np.float64)
            squares = float(np.square(wide - wide.mean()).sum())
            mean = (1 - momentum) * mean + momentum * float(wide.mean())
            biased = (1 - momentum) * biased + momentum * squares / wide.size
            if wide.size > 1:
                unbiased = (1 - momentum) * unbiased + momentum * squares / (wide.size - 1)
            else:
                unbiased = float("nan")
    return Running(mean, unbiased, biased)
