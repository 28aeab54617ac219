"""TensorFlow's formula: two functions that every user can put together, on any axes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from .calling import Mode, Tensors, arrays, call, tensors

MIXED = "in training the formula takes no float32 parameters with half-precision x"
REFUSALS = (
    ("was expected to be a half tensor but is a float tensor", MIXED),
    ("was expected to be a bfloat16 tensor but is a float tensor", MIXED),
    ("has type float32 that does not match type float16", MIXED),
    ("has type float32 that does not match type bfloat16", MIXED),
    ("was expected to be a float tensor but is a half tensor", MIXED),
    ("was expected to be a float tensor but is a bfloat16 tensor", MIXED),
    ("has type float16 that does not match type float32", MIXED),
    ("has type bfloat16 that does not match type float32", MIXED),
)
"""TensorFlow's own words for an input that it does not take, and ours."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusals that are known into `Unsupported`; every other error is a finding."""
    try:
        yield
    except (tf.errors.InvalidArgumentError, TypeError) as error:
        for words, reason in REFUSALS:
            if words in str(error):
                raise Unsupported(reason) from error
        raise


def formula(given: Tensors, *, axes: tuple[int, ...], training: bool, eps: float) -> Tensors:
    """Call `tf.nn.moments` and `tf.nn.batch_normalization`, with a `tf.GradientTape`.

    The parameters have the rank of x, with ones in `axes`, as the latter's documentation asks.
    """
    leaves = {"dx": given["x"], "dgamma": given.get("gamma"), "dbeta": given.get("beta")}
    leaves = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    found = {}
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        if training:
            found["mean"], found["var"] = tf.nn.moments(given["x"], axes, keepdims=True)
            mean, var = found["mean"], found["var"]
        else:
            mean, var = given["running_mean"], given["running_var"]
        found["y"] = tf.nn.batch_normalization(
            given["x"], mean, var, given.get("beta"), given.get("gamma"), eps
        )
    if "dy" in given:
        found |= tape.gradient(found["y"], leaves, output_gradients=given["dy"])
    return found


def run(inputs: Inputs, *, mode: Mode) -> Actual:
    """Run `formula` in that mode."""
    channels = inputs.channel_axes
    axes = tuple(a for a in range(inputs.x.ndim) if a not in channels)
    settings: dict[str, Any] = {"axes": axes, "training": inputs.training, "eps": inputs.eps}
    given = tensors(inputs, images=lambda values: values)
    kept = [size if a in channels else 1 for a, size in enumerate(inputs.x.shape)]
    for name in given.keys() - {"x", "dy"}:
        given[name] = tf.reshape(given[name], kept)
    with refusals():
        found = arrays(call(formula, given, settings, mode=mode))
    for name in found.keys() - {"y", "dx"}:
        found[name] = found[name].reshape(inputs.channel_shape)
    return found
