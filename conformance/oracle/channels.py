"""One row per channel: the view in which every formula of this package is written."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from conformance.case import Array, Inputs


def by_channel(array: Array, inputs: Inputs) -> Array:
    """View of an array of the shape of x as ``(channels, M)``, channels in C order."""
    axes = inputs.channel_axes
    rest = tuple(a for a in range(array.ndim) if a not in axes)
    channels = math.prod(inputs.channel_shape)
    return array.transpose(axes + rest).reshape(channels, inputs.count)


def kept(inputs: Inputs) -> Array | None:
    """Which values of x the mask of a training call keeps, ``(channels, M)``; None without one."""
    if inputs.mask is None or not inputs.training:
        return None
    return by_channel(np.broadcast_to(inputs.mask, inputs.x.shape), inputs)


def mask_along(inputs: Inputs, axis: int, changed: Callable[[Array], Array]) -> Array | None:
    """The mask where x is `changed` along an axis: one that is the same all along stays."""
    mask = inputs.mask
    return mask if mask is None or mask.shape[axis] == 1 else changed(mask)


def counts(inputs: Inputs) -> Array | int:
    """How many values the statistics are of: M, or ``(channels, 1)`` where a mask says which."""
    found = kept(inputs)
    return inputs.count if found is None else found.sum(axis=1, keepdims=True)


def is_empty(inputs: Inputs) -> bool:
    """Whether no value counts: there is none, or a mask keeps none."""
    found = kept(inputs) if inputs.count else None
    return inputs.count == 0 or (found is not None and not found.any())


def from_channels(rows: Array, inputs: Inputs) -> Array:
    """Undo `by_channel`: ``(channels, M)`` back to the shape of x."""
    axes = inputs.channel_axes
    order = axes + tuple(a for a in range(inputs.x.ndim) if a not in axes)
    stacked = rows.reshape(tuple(inputs.x.shape[a] for a in order))
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.ascontiguousarray(stacked.transpose(back))
