"""The outputs of one number per channel, rounded from pairs where that is proven right.

A pair h + l whose error is at most e is rounded as in `lines`: h + (l - e) and h + (l + e), each
rounded twice, the first time by at most 2^-53 (|l| + e) <= 2^-105 |h|, which the bounds here have
room for: they are 2^-94 of what was added, where constants are within 2^-96 and what follows adds
at most four operations of 2^-101.  A pair made of the integer 0 is 0 and exact; any other number
that is not above 2^-400 stays open, so that no underflow matters.

Running statistics are the recursion of `conformance.oracle.running`,

    at <- (1 - momentum) at + momentum new        e <- |1 - momentum| e + 2^-94 (sum of both sizes)

with 1 - momentum an exact pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conformance.oracle.quick import pairs
from conformance.oracle.quick.constants import Constants
from conformance.oracle.quick.pairs import Pair
from conformance.oracle.quick.ranges import Mask
from conformance.oracle.rounding import Floats

BOUND = 2.0**-94
"""Of the error, relative to the sizes of what was added."""

_LEAST = 2.0**-400


@dataclass(slots=True)
class Settled:
    """Outputs by name, ``(C,)``, and the channels in which one of them stays open."""

    values: dict[str, Floats]
    open: Mask

    def add(self, name: str, value: Pair, error: Floats, zero: Mask) -> None:
        """Round one output; `zero` says where it is 0 exactly."""
        low = value[0] + (value[1] - error)
        high = value[0] + (value[1] + error)
        settled = zero | ((low == high) & (np.abs(low) > _LEAST) & np.isfinite(low))
        self.values[name] = np.where(zero, 0.0, low)
        self.open |= ~settled


def statistics(constants: Constants, *, training: bool, gradient: bool) -> Settled:
    """Mean, variance, inverse root, dgamma and dbeta, as far as they are due."""
    never = np.zeros(len(constants.inv_std[0]), np.bool_)
    found = Settled({}, never.copy())
    if training:
        for name, value in (("mean", constants.mean), ("var", constants.var)):
            found.add(name, value, BOUND * np.abs(value[0]), value[0] == 0)
    r = constants.inv_std
    found.add("inv_std", r, BOUND * np.abs(r[0]), never)
    if gradient:
        dgamma = pairs.times(constants.along, r)
        error = BOUND * np.abs(dgamma[0]) + 2 * constants.along_error * r[0]
        zero = (constants.along[0] == 0) & (constants.along_error == 0)
        found.add("dgamma", dgamma, error, zero)
        dbeta = constants.dbeta
        found.add("dbeta", dbeta, BOUND * np.abs(dbeta[0]), dbeta[0] == 0)
    return found


def running(
    batches: Sequence[tuple[Pair, Pair]], mean: Floats, var: Floats, momentum: float, count: int
) -> Settled:
    """The running statistics after batches of exact means and biased variances.

    Args:
        batches: Mean and variance of each, oldest first, within 2^-96 of themselves.
        mean: Running mean before, ``(C,)``, finite.
        var: Running variance before, the same.
        momentum: Weight of the new.
        count: Values per channel.
    """
    found = Settled({}, np.zeros(len(mean), np.bool_))
    means, variances = [b[0] for b in batches], [b[1] for b in batches]
    _recur(found, "running_mean", means, mean, momentum)
    _recur(found, "running_var_biased", variances, var, momentum)
    if count > 1:
        up, down = np.full_like(var, count), np.full_like(var, count - 1)
        unbiased = [pairs.over_float(pairs.times_float(v, up), down) for v in variances]
        _recur(found, "running_var", unbiased, var, momentum)
    return found


def _recur(found: Settled, name: str, news: Sequence[Pair], start: Floats, momentum: float) -> None:
    at, error = pairs.exactly(start), np.zeros_like(start)
    new_weight = np.full_like(start, momentum)
    kept = pairs.two_sum(np.ones_like(start), -new_weight)
    for new in news:
        old_part, new_part = pairs.times(at, kept), pairs.times_float(new, new_weight)
        error = np.abs(kept[0]) * error * 2
        error += BOUND * (np.abs(old_part[0]) + np.abs(new_part[0]))
        at = pairs.plus(old_part, new_part)
    found.add(name, at, error, np.zeros(len(start), np.bool_))
