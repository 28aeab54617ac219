"""TensorFlow tensors; gradients by a `tf.GradientTape`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.arrays import GRADIENT_OF
from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras")
IN_PLACE = False


def device() -> str:
    """Where kernels run."""
    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def run(
    forward: Forward,
    fences: Mapping[str, Fenced],
    leaves: tuple[str, ...],
    key: object,  # noqa: ARG001 - TensorFlow compiles by itself
) -> dict[str, Any]:
    """Call the kernel on tensors, under a tape where gradients are due."""
    tensors = {name: tf.constant(fence.array) for name, fence in fences.items()}
    if not leaves:
        return forward(tensors)
    by = {GRADIENT_OF[name]: tensors[name] for name in leaves}
    with tf.GradientTape() as tape:
        tape.watch(list(by.values()))
        found = forward(tensors)
    if "y" not in found:
        return found
    y = found["y"]
    zero = tf.UnconnectedGradients.ZERO
    # A y of the wrong type is the judge's affair: its gradients are looked at all the same.
    slope = tf.cast(tensors["dy"], y.dtype)
    gradients = tape.gradient(y, by, slope, unconnected_gradients=zero)
    return {**found, **gradients}
