"""Calls of the shape of one before, in which something else is different."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from conformance.case import Array, Inputs
from conformance.oracle.channels import mask_along

LARGE = 5000
"""Values of x from which on a plan, a workspace or a cache is kept by some kernels alone."""


def scaled(array: Array, factor: float) -> Array:
    """The numbers times a power of two, or divided by it where that overflows."""
    values = array.astype(np.float64)
    with np.errstate(over="ignore"):
        found = (values * factor).astype(array.dtype)
    if not np.array_equal(np.isfinite(found), np.isfinite(values)):
        found = (values / factor).astype(array.dtype)
    return found


def samples_axis(call: Inputs) -> int:
    """The first axis that is no channel axis."""
    return next(a for a in range(call.x.ndim) if a not in call.channel_axes)


def _flipped(array: Array | None, factor: float) -> Array | None:
    """The same numbers in another order, and scaled."""
    if array is None:
        return None
    return scaled(array.reshape(-1)[::-1], factor).reshape(array.shape)


def _scalars(call: Inputs) -> Inputs:
    eps = 0.25 if call.eps < _HALF_WAY else 2.0**-10
    momentum = 0.75 if call.momentum < 0.5 else 0.125  # noqa: PLR2004 - far from what it was
    return replace(call, eps=eps, momentum=momentum)


_HALF_WAY = 0.01


def _parameters(call: Inputs) -> Inputs:
    return replace(
        call,
        gamma=_flipped(call.gamma, -2.0),
        beta=_flipped(call.beta, -2.0),
        running_mean=_flipped(call.running_mean, -2.0),
        running_var=_flipped(call.running_var, 2.0),
    )


def _batch(call: Inputs) -> Inputs:
    x = _flipped(call.x, -2.0)
    assert x is not None  # noqa: S101 - x is always given
    return replace(call, x=x, dy=_flipped(call.dy, -2.0))


CHANGES: Mapping[str, Callable[[Inputs], Inputs]] = MappingProxyType(
    {
        "another eps and momentum": _scalars,
        "other parameters and running statistics": _parameters,
        "other values of x and dy": _batch,
        "all of them other": lambda call: _batch(_parameters(_scalars(call))),
    }
)
"""What changes from one call to the next of its shape, in words; the factors keep all finite."""


def enlarged(call: Inputs) -> Inputs:
    """A call of more than `LARGE` values: the batch of another, many times, each time doubled.

    Doubling is by 1 and 2 in turn, so that the statistics are others.
    """
    axis = samples_axis(call)
    times = LARGE // call.x.size + 2

    def tiled(array: Array | None) -> Array | None:
        if array is None:
            return None
        parts = [array, scaled(array, 2.0)]
        return np.concatenate([parts[i % 2] for i in range(times)], axis=axis)

    x = tiled(call.x)
    assert x is not None  # noqa: S101 - x is always given
    mask = mask_along(call, axis, lambda mask: np.concatenate([mask] * times, axis=axis))
    return replace(call, x=x, dy=tiled(call.dy), mask=mask, earlier=())
