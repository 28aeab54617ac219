"""Axis orders: the names people use for them, and the two that implementations work in."""

from __future__ import annotations

from conformance.case import Array, Inputs

_NAMES = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}


def name(inputs: Inputs) -> str:
    """The layout of `inputs.x` as a framework would call it: ``"NCHW"``, ``"NDHWC"``, ...

    Per-activation inputs are ``"per-activation"``; a rank or channel axis that has no common
    name is spelled out, such as ``"rank 4, axis 2"``.
    """
    if isinstance(inputs.axis, tuple):
        return "per-activation"
    first = _NAMES.get(inputs.x.ndim)
    (axis,) = inputs.channel_axes
    if first is None or axis not in (1, inputs.x.ndim - 1):
        return f"rank {inputs.x.ndim}, axis {axis}"
    return first if axis == 1 else f"N{first[2:]}C"


def channels_first(array: Array, axis: int) -> Array:
    """View of `array` with the channel axis second: ``(N, C, *spatial)``."""
    return _move(array, axis, 1)


def from_channels_first(array: Array, axis: int) -> Array:
    """Undo `channels_first`."""
    return _move(array, 1, axis)


def channels_last(array: Array, axis: int) -> Array:
    """View of `array` with the channel axis last: ``(N, *spatial, C)``."""
    return _move(array, axis, -1)


def from_channels_last(array: Array, axis: int) -> Array:
    """Undo `channels_last`."""
    return _move(array, -1, axis)


def _move(array: Array, source: int, target: int) -> Array:
    source, target = source % array.ndim, target % array.ndim
    order = [a for a in range(array.ndim) if a != source]
    order.insert(target, source)
    return array.transpose(order)
