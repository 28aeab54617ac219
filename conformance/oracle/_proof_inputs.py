"""What the proof refuses to prove: inputs on which batch normalization is not defined."""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Inputs
from conformance.errors import InputError

SIGNIFICANT_BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""The types that are proven, written down anew: see `conformance.oracle.proof`."""


def require_provable(inputs: Inputs) -> None:
    """Refuse inputs on which the definition says nothing.

    Raises:
        InputError: a shape, a type, an axis or a combination; the message shows it.
    """
    _check_axis(inputs)
    like_x = {"dy": inputs.dy}
    like_x |= {f"earlier[{i}]": batch for i, batch in enumerate(inputs.earlier)}
    for name, array in (("x", inputs.x), *like_x.items()):
        _check_array(name, array, inputs.x.shape)
        if array is not None and array.dtype.name != inputs.x.dtype.name:
            raise InputError(f"{name} is {array.dtype}, x is {inputs.x.dtype}. Use one type.")
    for name in ("gamma", "beta", "running_mean", "running_var"):
        _check_array(name, getattr(inputs, name), inputs.channel_shape)
    _check_mask(inputs)
    mean, var = inputs.running_mean is not None, inputs.running_var is not None
    if mean != var:
        raise InputError(
            f"running_mean is {'given' if mean else 'None'}, running_var is "
            f"{'given' if var else 'None'}. Give both or neither."
        )
    if not mean and not inputs.training:
        raise InputError(
            "training is False and running_mean is None. "
            "Test mode normalizes by running statistics: give both."
        )


def _check_axis(inputs: Inputs) -> None:
    axes = inputs.axis if isinstance(inputs.axis, tuple) else (inputs.axis,)
    rank = inputs.x.ndim
    outside = any(not -rank <= a < rank for a in axes)
    if not axes or outside or len(set(inputs.channel_axes)) != len(axes):
        raise InputError(
            f"axis is {inputs.axis!r}, x has {rank} axes. "
            "Name each channel axis once, between the first axis and the last."
        )


def _check_array(name: str, array: Array | None, shape: tuple[int, ...]) -> None:
    if array is None:
        return
    if array.shape != shape:
        raise InputError(
            f"{name} has shape {array.shape}, {shape} was wanted. Nothing is broadcast: reshape it."
        )
    if array.dtype.name not in SIGNIFICANT_BITS:
        raise InputError(
            f"{name} is {array.dtype}, one of {', '.join(SIGNIFICANT_BITS)} was wanted. "
            "Convert it to a binary float."
        )


def _check_mask(inputs: Inputs) -> None:
    mask = inputs.mask
    if mask is None:
        return
    if mask.dtype.kind != "b" or np.broadcast_shapes(mask.shape, inputs.x.shape) != inputs.x.shape:
        raise InputError(
            f"mask is {mask.dtype} of shape {mask.shape}, bool of a shape that broadcasts to "
            f"{inputs.x.shape} was wanted. Reshape it."
        )
    if inputs.earlier or not all(np.isfinite(_wide(a)).all() for a in inputs.given().values()):
        raise InputError(
            "a mask is given with earlier batches, or with numbers that are not finite: "
            "that is not defined. Leave them out."
        )


def _wide(array: Array) -> Array:
    return array.astype(np.float64)
