"""Calling tinygrad: its compiler, arrays to tensors and back, and gradients."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs

# At once: tinygrad reads them where it compiles, and looks for a clang that need not be there.
os.environ["CC"] = str(Path(__file__).with_name("clang"))
os.environ["ZIGLANG_PYTHON"] = sys.executable

from tinygrad import Tensor, dtypes  # type: ignore[import-not-found, unused-ignore]

Tensors: TypeAlias = dict[str, Any]
"""Tensors by name: the names of `Inputs`, or those of `conformance.arrays.OUTPUT_NAMES`."""

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}


def tensor(array: Array) -> Any:
    """Copy `array` to a tensor of the same type: tinygrad may keep the memory it is given."""
    owned = np.array(array, order="C")
    if owned.dtype == ml_dtypes.bfloat16:  # numpy has no letter for it
        # Of memory of its own: into a view of other bits nothing can be assigned.
        return Tensor(owned.view(np.uint16)).bitcast(dtypes.bfloat16).contiguous().realize()
    return Tensor(owned)


def array(value: Any) -> Array:
    """Copy a tensor to an array of the same type."""
    if value.dtype == dtypes.bfloat16:
        bits: Array = np.array(value.bitcast(dtypes.uint16).numpy())
        return bits.view(ml_dtypes.bfloat16)
    return np.array(value.numpy())


def tensors(inputs: Inputs) -> Tensors:
    """Copy the arrays of `inputs`, x and dy with the channel axis second."""
    (axis,) = inputs.channel_axes
    return {
        name: tensor(layout.channels_first(values, axis) if name in LIKE_X else values)
        for name, values in inputs.given().items()
    }


def gradients(y: Any, given: Mapping[str, Any]) -> Tensors:
    """Gradients of ``sum(y * dy)`` by x, gamma and beta, where there is dy."""
    names = [name for name in GRADIENTS if name in given]
    if "dy" not in given:
        return {}
    found = y.gradient(*(given[name] for name in names), gradient=given["dy"])
    return {GRADIENTS[name]: value for name, value in zip(names, found, strict=True)}


def arrays(inputs: Inputs, outputs: Tensors) -> dict[str, Array]:
    """Compute tensors, all at once, and copy them to arrays in the layout of `inputs`."""
    (axis,) = inputs.channel_axes
    Tensor.realize(*outputs.values())
    found = {name: array(value) for name, value in outputs.items()}
    return {
        name: layout.from_channels_first(values, axis) if name in LIKE_X else values
        for name, values in found.items()
    }
