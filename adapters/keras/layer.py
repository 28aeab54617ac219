"""``keras.layers.BatchNormalization`` on any channel axis, as every backend has it."""

from __future__ import annotations

from typing import Any

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types
import numpy as np

from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported

RUNNING = {"running_mean": "moving_mean", "running_var": "moving_variance"}
"""What the layer keeps, and what it calls that."""

VARIABLES = {"gamma": "gamma", "beta": "beta", **RUNNING}
"""What it is given."""


def policy(inputs: Inputs) -> str:
    """Keras's word for these types: one type, or half-precision x beside float32 parameters."""
    x = str(inputs.x.dtype)
    return x if str(inputs.parameter_dtype) == x else f"mixed_{x}"


def built(inputs: Inputs) -> Any:
    """A layer of this call: its shape, its types, its parameters and statistics."""
    (axis,) = inputs.channel_axes
    layer = keras.layers.BatchNormalization(
        axis=axis,
        momentum=1.0 - float(inputs.momentum),
        epsilon=float(inputs.eps),
        center=inputs.beta is not None,
        scale=inputs.gamma is not None,
        dtype=policy(inputs),
    )
    layer.build(inputs.x.shape)
    for name, own in VARIABLES.items():
        values = getattr(inputs, name)
        if values is not None:
            getattr(layer, own).assign(np.array(values))
    return layer


def options(inputs: Inputs) -> dict[str, Any]:
    """What the layer is told beside x: whether it trains, and the mask where there is one.

    Raises:
        Unsupported: the mask has a last axis: Keras lays one over all axes but that.
    """
    if inputs.mask is None:
        return {"training": inputs.training}
    if inputs.mask.shape[-1] != 1:
        raise Unsupported("no mask along the last axis")
    return {"training": inputs.training, "mask": tensor(inputs.mask[..., 0])}


def leaves(layer: Any) -> dict[str, Any]:
    """The layer's parameters as the backend has them, by the names of their gradients."""
    owned = {"dgamma": layer.gamma, "dbeta": layer.beta}
    return {name: own.value for name, own in owned.items() if own is not None}


def tensor(values: Array) -> Any:
    """A copy of an array as the backend has it, of its own type."""
    return keras.ops.convert_to_tensor(np.array(values), dtype=str(values.dtype))


def running(layer: Any, inputs: Inputs) -> dict[str, Any]:
    """The running statistics after the call."""
    if inputs.running_mean is None:
        return {}
    return {name: getattr(layer, own).value for name, own in RUNNING.items()}


def arrays(found: dict[str, Any]) -> Actual:
    """Copies of what a backend returned, in the types that it gave them."""
    return {name: _array(value) for name, value in found.items()}


def _array(value: Any) -> Array:
    copied: Array = np.array(keras.ops.convert_to_numpy(value))
    return copied
