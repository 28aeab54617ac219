"""What the error bounds do not cover, kept out of the drawn calls.

An honest kernel may exceed the bounds there, and a search would end with a false alarm.  Searches
with honest kernels found all of it; what `conformance.oracle.bounds` comes to count can go here.

Besides what `within_bounds` takes out, equal terms in large numbers are drawn with exact sums only.
Their roundings all go one way, so that one after the other M of them may lose M units and more,
and not the M / 8 of grade B; through the mean, that squared reaches the variance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.case import LIMIT, Array, Inputs
from conformance.oracle.bounds import roundoff, underflow
from conformance.oracle.channels import by_channel

ANY_ORDER = int(LIMIT)
"""How many terms lose no more than grade A allows, whatever they are and in any order."""

_HALF = 2  # bytes


def within_bounds(call: Inputs) -> Inputs:
    """The call without its earlier batches or its dy where an honest kernel may exceed the bounds.

    - A half type rounds the running statistics after every earlier batch, and may
      overflow in between.
    - What underflows on the way from dy to dx may be multiplied by x.
    - In test mode the terms of dgamma may all be equal.

    Args:
        call: A call in training or test mode.

    Returns:
        The same call, or one with less in it.
    """
    if call.earlier and call.parameter_dtype.itemsize <= _HALF:
        call = replace(call, earlier=())
    if call.dy is None or not call.count:
        return call
    if call.training:
        lost = _is_tiny(call.dy, call)
    else:
        lost = call.count > ANY_ORDER and _is_constant(call.x, call.dy, call)
    if not lost:
        return call
    memory = "contiguous" if call.memory == "broadcast" else call.memory
    return replace(call, dy=None, memory=memory)


def _is_tiny(dy: Array, call: Inputs) -> bool:
    """Whether some value is so small that its products with others may underflow."""
    size = np.abs(dy.astype(np.float64))
    return bool(((size > 0) & (size < underflow(call) / roundoff(call))).any())


def _is_constant(x: Array, dy: Array, call: Inputs) -> bool:
    """Whether x and dy both hold one value over and over in some channel."""
    rows = (by_channel(array.astype(np.float64), call) for array in (x, dy))
    one, other = ((array == array[:, :1]).all(axis=1) for array in rows)
    return bool((one & other).any())
