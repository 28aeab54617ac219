"""The layer on TensorFlow, eagerly, with a `tf.GradientTape`."""

from __future__ import annotations

from conformance.case import Actual, Inputs

from .layer import arrays, built, leaves, options, running, tensor


def run(inputs: Inputs) -> Actual:
    """Call the layer and pull `dy` back through it."""
    import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415 - of this backend's worker alone

    layer, x = built(inputs), tensor(inputs.x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, **options(inputs))
    found = {"y": y, **running(layer, inputs)}
    if inputs.dy is not None:
        by = {"dx": x, **leaves(layer)}
        found |= tape.gradient(y, by, output_gradients=tensor(inputs.dy))
    return arrays(found)
