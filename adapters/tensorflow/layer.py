"""The layer of Keras, on any channel axis."""

from __future__ import annotations

from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from .calling import arrays, tensors


def run(inputs: Inputs) -> Actual:
    """Run `tf.keras.layers.BatchNormalization` with a `tf.GradientTape`."""
    (axis,) = inputs.channel_axes
    x_type, parameter_type = str(inputs.x.dtype), str(inputs.parameter_dtype)
    layer = tf.keras.layers.BatchNormalization(
        axis=axis,
        momentum=1.0 - inputs.momentum,
        epsilon=inputs.eps,
        center=inputs.beta is not None,
        scale=inputs.gamma is not None,
        dtype=x_type if parameter_type == x_type else f"mixed_{x_type}",
    )
    layer.build(inputs.x.shape)
    given = tensors(inputs, images=lambda values: values)
    order = ("gamma", "beta", "running_mean", "running_var")
    layer.set_weights([given[name] for name in order if name in given])
    leaves = {"dx": given["x"]}
    if inputs.gamma is not None:
        leaves["dgamma"] = layer.gamma.value
    if inputs.beta is not None:
        leaves["dbeta"] = layer.beta.value
    with tf.GradientTape() as tape:
        tape.watch(given["x"])
        y = layer(given["x"], training=inputs.training, mask=_mask(inputs))
    found = {"y": y}
    if inputs.dy is not None:
        found |= tape.gradient(y, leaves, output_gradients=given["dy"])
    running = {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
    return arrays(found | {name: variable.value for name, variable in running.items()})


def _mask(inputs: Inputs) -> Any:
    """The mask as the layer takes one: over all axes but the last.

    Raises:
        Unsupported: it has that one, too.
    """
    if inputs.mask is None:
        return None
    if inputs.mask.shape[-1] != 1:
        raise Unsupported("no mask along the last axis")
    return tf.constant(inputs.mask[..., 0])
