"""Calling MXNet: arrays to its own and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mxnet as mx  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
import numpy as np

from conformance.case import Actual, Array, Inputs

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
"""What gradients are taken by, and their names."""


def given(values: Array) -> Any:
    """Copy an array to MXNet's own."""
    return mx.nd.array(np.ascontiguousarray(values), dtype=values.dtype)


def per_channel(inputs: Inputs, name: str, absent: float) -> Any:
    """A value per channel; the neutral one where the layer has none, as MXNet's own layer does."""
    values: Array | None = getattr(inputs, name)
    if values is None:
        values = np.full(inputs.channel_shape, absent, inputs.parameter_dtype)
    return given(values)


def answer(
    inputs: Inputs,
    found: Mapping[str, Any],
    running: Mapping[str, Any],
    leaves: Mapping[str, Any],
) -> Actual:
    """The outputs as arrays: what the backward pass gives only where there is one."""
    kept: dict[str, Any] = dict(found)
    if inputs.dy is not None or not inputs.training:
        kept |= running
    if inputs.dy is not None:
        for name, leaf in leaves.items():
            if getattr(inputs, name) is not None:
                kept[GRADIENTS[name]] = leaf.grad
    return {name: values.asnumpy() for name, values in kept.items()}
