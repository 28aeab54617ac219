"""Calling MLX: arrays of numpy to its own and back, and gradients by `mx.vjp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import ml_dtypes
import mlx.core as mx  # type: ignore[import-not-found, unused-ignore]  # checked without MLX too
import numpy as np

from conformance.case import Array

Arrays: TypeAlias = dict[str, Any]
"""Arrays of MLX by name: the names of `Inputs`, or those of `conformance.arrays.OUTPUT_NAMES`."""

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}


def has_strides(array: Array) -> bool:
    """Whether `array` has strides of its own, and such as MLX is given: none is negative."""
    return not array.flags.c_contiguous and min(array.strides) >= 0


def own(array: Array) -> Any:
    """Copy `array` to one of MLX, with its strides where it has any of its own.

    Without the type MLX makes float32 of float64, and says nothing.  What is empty is made by MLX:
    of an empty array of numpy it makes one whose sums may loop without end (empty-sums).
    """
    if not array.size:
        return mx.zeros(array.shape, dtype=getattr(mx, str(array.dtype)))
    if not has_strides(array):
        return _copied(np.array(array, order="C"))
    steps = tuple(step // array.itemsize for step in array.strides)
    return mx.as_strided(_copied(flat(array)), array.shape, steps)


def flat(array: Array) -> Array:
    """The memory from the first to the last value of an array whose strides are not negative."""
    pairs = zip(array.shape, array.strides, strict=True)
    size = 1 + sum((n - 1) * step // array.itemsize for n, step in pairs)
    found: Array = np.lib.stride_tricks.as_strided(
        array, (size,), (array.itemsize,), writeable=False
    )
    return found


def _copied(array: Array) -> Any:
    if array.dtype == ml_dtypes.bfloat16:  # MLX up to 0.31.1 takes no array of it: the same bits
        return mx.array(array.view(np.uint16)).view(mx.bfloat16)
    return mx.array(array, dtype=getattr(mx, str(array.dtype)))


def array(value: Any) -> Array:
    """Copy an array of MLX to one of numpy of the same type."""
    if value.dtype == mx.bfloat16:  # numpy's protocol has no letter for it
        return np.array(value.view(mx.uint16)).view(ml_dtypes.bfloat16)
    return np.array(value)


def differentiate(forward: Callable[[Arrays], Any], arrays: Mapping[str, Any]) -> Arrays:
    """Call `forward`, and pull `dy` back through it where there is one.

    Args:
        forward: From the arrays of the call to y.
        arrays: The arrays of the call; gradients are taken by x, gamma and beta.

    Returns:
        y, and dx, dgamma and dbeta as far as they are due.
    """
    if "dy" not in arrays:
        return {"y": forward(dict(arrays))}
    names = [name for name in GRADIENTS if name in arrays]

    def called(*leaves: Any) -> list[Any]:
        return [forward({**arrays, **dict(zip(names, leaves, strict=True))})]

    (y,), found = mx.vjp(called, [arrays[name] for name in names], [arrays["dy"]])
    return {"y": y} | dict(zip((GRADIENTS[name] for name in names), found, strict=True))
