"""Calling TensorFlow: tensors of arrays and back, eagerly, as a graph or under XLA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Literal, TypeAlias

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs

Tensors: TypeAlias = dict[str, Any]
"""Tensors by name: the names of `Inputs`, or those of `conformance.arrays.OUTPUT_NAMES`."""

Mode: TypeAlias = Literal["eager", "graph", "xla"]
"""Operation by operation; what `tf.function` traces and TensorFlow rewrites; or XLA compiles."""


def tensors(inputs: Inputs, images: Callable[[Array], Array]) -> Tensors:
    """Copy the arrays that exist; those of the shape of x go through `images` first."""
    return {
        name: tf.convert_to_tensor(images(array) if name in LIKE_X else array)
        for name, array in inputs.given().items()
    }


def arrays(outputs: Mapping[str, Any]) -> dict[str, Array]:
    """Copy tensors to arrays of the same types."""
    return {name: value.numpy() for name, value in outputs.items()}


def call(
    function: Callable[..., Tensors], given: Tensors, settings: Mapping[str, Any], *, mode: Mode
) -> Tensors:
    """Call `function` on tensors, or what becomes of it in that mode."""
    if mode == "eager":
        return function(given, **settings)
    return traced(function, mode, **settings)(given)


@lru_cache(maxsize=64)
def traced(
    function: Callable[..., Tensors], mode: Mode, **settings: Any
) -> Callable[[Tensors], Tensors]:
    """Trace `function`, once for these settings and then for each shape and type it meets."""
    found: Callable[[Tensors], Tensors] = tf.function(
        partial(function, **settings), jit_compile=mode == "xla", autograph=False
    )
    return found
