"""Axis orders: the names people use for them, and the two that implementations work in."""

from __future__ import annotations

from conformance.case import Array, Inputs

_NAMES = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}


def name(inputs: Inputs) -> str:
    """The layout of `inputs.x` as a framework would call it; see `named`."""
    return named(inputs.x.ndim, None if isinstance(inputs.axis, tuple) else inputs.channel_axes[0])


def named(rank: int, axis: int | None) -> str:
    """The layout of x as a framework would call it: ``"NCHW"``, ``"NDHWC"``, ...

    A rank or channel axis that has no common name is spelled out, such as ``"rank 4, axis 2"``.

    Args:
        rank: Number of axes of x.
        axis: The channel axis, not negative; None for several, which is ``"per-activation"``.
    """
    if axis is None:
        return "per-activation"
    first = _NAMES.get(rank)
    if first is None or axis not in (1, rank - 1):
        return f"rank {rank}, axis {axis}"
    return first if axis == 1 else f"N{first[2:]}C"


def kind(rank: int, types: str, mode: str, layout: str, *, masked: bool) -> str:
    """The kind of a call, by which scopes and smoke tiers are told."""
    return f"{rank} axes {types} {mode} {layout}{' masked' if masked else ''}"


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
