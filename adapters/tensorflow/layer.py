"""The layer of Keras, on any channel axis."""

from __future__ import annotations

from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported

from .calling import Mode, Tensors, arrays, call, tensors


def step(given: Tensors, *, layer: tf.keras.layers.Layer, training: bool) -> Tensors:
    """Call the layer with a `tf.GradientTape`; it updates what it keeps."""
    leaves = {"dx": given["x"]}
    if "gamma" in given:
        leaves["dgamma"] = layer.gamma.value
    if "beta" in given:
        leaves["dbeta"] = layer.beta.value
    with tf.GradientTape() as tape:
        tape.watch(given["x"])
        y = layer(given["x"], training=training, mask=given.get("mask"))
    found = {"y": y}
    if "dy" in given:
        found |= tape.gradient(y, leaves, output_gradients=given["dy"])
    return found


def run(inputs: Inputs, *, mode: Mode) -> Actual:
    """Run `tf.keras.layers.BatchNormalization`, a new one for each call."""
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
    if inputs.mask is not None:
        given["mask"] = _mask(inputs.mask)
    found = call(step, given, {"layer": layer, "training": inputs.training}, mode=mode)
    running = {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
    return arrays(found | {name: variable.value for name, variable in running.items()})


def _mask(mask: Array) -> Any:
    """The mask as the layer takes one: over all axes but the last.

    Raises:
        Unsupported: it has that one, too.
    """
    if mask.shape[-1] != 1:
        raise Unsupported("no mask along the last axis")
    return tf.constant(mask[..., 0])
