"""Running statistics that are kept in a half type over several batches.

Each batch rounds them once more, and the next one forgets a part of that error:

    lost <- |1 - m| lost + u_p |running| + eta_p      after every batch but the last

with u_p the unit roundoff of the type and eta_p half its smallest subnormal number; the last
rounding is that of the output.  This is no slack but what storing costs, so that it is allowed once
and not 16 times.  Where a value on the way is within 16 roundings of the type's overflow, what
comes out of it is anything: see `overflows_between`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from conformance.case import LIMIT, Inputs
from conformance.float_types import finfo
from conformance.oracle.arithmetic import roundoff
from conformance.oracle.measured import Batch, bessel, given_statistics, measured
from conformance.oracle.rounding import Floats

_NEAR = 16
"""Units that a value may be off when it is compared with the largest one."""


def storing(inputs: Inputs, batches: Sequence[Batch]) -> tuple[Floats | float, Floats | float]:
    """What half types lose between batches: error scales of the running mean and variance."""
    if not _is_kept_in_half(inputs):
        return 0.0, 0.0
    dtype, once = inputs.parameter_dtype, 1 / (LIMIT * roundoff(inputs))
    mean, var = (
        once * _lost(given, news, inputs.momentum, dtype) for given, news in _kept(inputs, batches)
    )
    return mean, var


def _is_kept_in_half(inputs: Inputs) -> bool:
    """Whether running statistics pass through a type that is coarser than the arithmetic."""
    kept = inputs.training and inputs.running_mean is not None and bool(inputs.earlier)
    return kept and float(finfo(inputs.parameter_dtype).eps) / 2 > roundoff(inputs)


def _kept(inputs: Inputs, batches: Sequence[Batch]) -> Iterator[tuple[Floats, list[Floats]]]:
    """Mean and variance: what was given, and what each batch brings."""
    given_mean, given_var = given_statistics(inputs)
    yield given_mean, [b.mean for b in batches]
    yield given_var, [b.var * bessel(b.n) for b in batches]


def overflows_between(inputs: Inputs) -> bool:
    """Whether a half type may overflow between two batches, after which nothing has a bound."""
    if not _is_kept_in_half(inputs) or inputs.count == 0:
        return False
    with np.errstate(all="ignore"):
        batches = [measured(inputs, x) for x in (*inputs.earlier, inputs.x)]
        dtype = inputs.parameter_dtype
        return any(
            bool(_overflows(given, news, inputs.momentum, dtype).any())
            for given, news in _kept(inputs, batches)
        )


def _lost(
    given: Floats, batches: Sequence[Floats], momentum: float, dtype: np.dtype[Any]
) -> Floats:
    """What storing costs a running statistic, absolute; the shape of `given`.

    Args:
        given: Before the first batch.
        batches: What each batch brings, the last one included.
        momentum: Weight of the new.
        dtype: What it is kept in between.
    """
    info = finfo(dtype)
    lost = np.zeros_like(given)
    for running in _between(given, batches, momentum):
        lost = abs(1 - momentum) * lost + float(info.eps) / 2 * np.abs(running)
        lost = lost + float(info.smallest_subnormal) / 2
    return abs(1 - momentum) * lost


def _overflows(
    given: Floats, batches: Sequence[Floats], momentum: float, dtype: np.dtype[Any]
) -> npt.NDArray[np.bool_]:
    """Whether a running statistic, or what a batch brings, may overflow before the last batch.

    Arguments as for `_lost`; what is infinite or NaN itself does not overflow.
    """
    info = finfo(dtype)
    edge = float(info.max) * (1 - _NEAR * float(info.eps) / 2)
    found = np.zeros(given.shape, np.bool_)
    for running, new in zip(_between(given, batches, momentum), batches, strict=False):
        for value in (running, new):
            found |= np.isfinite(value) & (np.abs(value) >= edge)
    return found


def _between(given: Floats, batches: Sequence[Floats], momentum: float) -> Iterator[Floats]:
    """The running statistic after every batch but the last."""
    running = given
    for new in batches[:-1]:
        running = (1 - momentum) * running + momentum * new
        yield running
