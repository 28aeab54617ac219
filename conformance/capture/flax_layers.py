"""What Flax's two layers have in common: how one normalizes, and when that is no case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.capture.seen import Setting


def why_not(layer: Any, usual: type, x: Any, given: Mapping[str, Any]) -> str:
    """Why a call is not captured, as the end of a sentence; empty where it is.

    Args:
        layer: The layer, of linen or nnx.
        usual: The class that Flax has for it.
        x: What it is given.
        given: The other arguments, by name.
    """
    kind = type(layer)
    if kind.__call__ is not usual.__call__:
        return f"{kind.__name__} has a call of its own, which may do more than normalize"
    if layer.axis_name is not None:
        return "it has statistics of all devices, of which one sees a part"
    if given.get("mask") is not None:
        return "it is given a mask, with which it leaves values out"
    if not isinstance(layer.axis, int):
        return f"its axis is {layer.axis!r}, one channel axis was wanted"
    if x.ndim < 2:  # noqa: PLR2004 - a batch axis and a channel axis
        return f"x has {x.ndim} axes, 2 or more were wanted"
    return ""


def setting(layer: Any, *, training: bool) -> Setting:
    """How a layer normalizes; Flax's momentum weights the old statistics."""
    return Setting(
        eps=float(layer.epsilon),
        momentum=1.0 - float(layer.momentum),
        training=training,
        axis=int(layer.axis),
    )
