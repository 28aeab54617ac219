"""What the sums of a case may cost a class of algorithms: one by one, or the single pass."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from conformance.case import LIMIT, Inputs
from conformance.oracle.arithmetic import arithmetic
from conformance.oracle.bounds import spent_by_single_pass
from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.losses import Class, Losses, losses
from conformance.oracle.sequential.sums import AtMost, Losing, Lost

SUMS = ("mean", "running_mean", "dbeta")
"""Outputs that no variance reaches: what is left of it does not matter to them."""

_AT_ONCE = 2**21
"""Values whose losses are found at once; a channel may have more."""

_FOR_SUMS = 2 * LIMIT
"""Up to so many values a case with exact sums leaves Welford's update nothing but its limit.

It divides by every count, and beyond them may lose u M / 2 of the variance: more than 16 units.
"""


def cost(
    inputs: Inputs,
    limit: float,
    rows: npt.NDArray[np.intp],
    *,
    single_pass: bool = False,
    at_most: bool = False,
    eps_outside: bool = False,
) -> Losses:
    """What the sums of some channels may cost.

    Args:
        inputs: What was asked; M >= 1.
        limit: Error units of grade A; below 16 the sums are exact in any order.
        rows: Which channels.
        single_pass: Of the single-pass variance, too.
        at_most: A bound that costs little to find, and is never below.
        eps_outside: The dialect ``(x - mean) / (sigma + eps)``.
    """
    bits, exact = arithmetic(inputs).bits, limit < LIMIT
    make: type[AtMost | Lost] = AtMost if at_most else Lost
    plain: Losing = make(bits, exact=exact)
    spent: Floats | float = 0.0
    if single_pass:
        spent = spent_by_single_pass(inputs, eps_outside=eps_outside)[rows]
    of = Class(
        plain=plain,
        scaled=make(bits),
        welford=not exact or inputs.count > _FOR_SUMS,
        single_pass=single_pass,
        spent=spent,
    )
    return losses(inputs, rows, of, eps_outside=eps_outside)


def channels_at_once(inputs: Inputs) -> int:
    """For how many channels, at least one, `cost` is asked at once; M >= 1."""
    return max(1, _AT_ONCE // inputs.count)
