"""What Haiku's layer does where a call says nothing, read from the layer itself."""

from __future__ import annotations

import inspect

import haiku as hk  # type: ignore[import-not-found, unused-ignore]  # checked without it too


def defaults() -> dict[str, object]:
    """The defaults of ``haiku.BatchNorm``, which must be told its decay rate."""
    made = inspect.signature(hk.BatchNorm.__init__).parameters
    decay = made["decay_rate"].default
    return {
        "eps": made["eps"].default,
        "momentum": None if decay is inspect.Parameter.empty else decay,
        "takes_mask": "mask" in inspect.signature(hk.BatchNorm.__call__).parameters,
    }
