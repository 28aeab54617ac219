"""Calling TensorFlow: tensors of arrays and back, eagerly or under XLA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs

Tensors: TypeAlias = dict[str, Any]
"""Tensors by name: the names of `Inputs`, or those of `conformance.arrays.OUTPUT_NAMES`."""


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
    function: Callable[..., Tensors],
    given: Tensors,
    settings: Mapping[str, Any],
    *,
    compiled: bool,
) -> Tensors:
    """Call `function` on tensors, or what XLA makes of it."""
    return xla(function, **settings)(given) if compiled else function(given, **settings)


@lru_cache(maxsize=64)
def xla(function: Callable[..., Tensors], **settings: Any) -> Callable[[Tensors], Tensors]:
    """Compile `function`, once for these settings and then for each shape and type it meets."""
    fixed = partial(function, **settings)
    found: Callable[[Tensors], Tensors] = tf.function(fixed, jit_compile=True, autograph=False)
    return found
