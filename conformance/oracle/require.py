"""What the oracle refuses, and why; nothing is broadcast and nothing is converted."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import Inputs
from conformance.errors import InputError
from conformance.float_types import finfo
from conformance.oracle.channels import counts

_FLOAT64_BITS = 64


def require(inputs: Inputs) -> None:
    """Refuse inputs on which batch normalization is not defined.

    Raises:
        InputError: a shape, a type or a number; the message shows it and what was wanted.
    """
    _check_axis(inputs)
    shape = inputs.x.shape
    wanted = {name: (a, inputs.shape_of(name)) for name, a in inputs.given().items()}
    wanted |= {f"earlier[{i}]": (batch, shape) for i, batch in enumerate(inputs.earlier)}
    for name, (array, want) in wanted.items():
        _check_type(name, array.dtype)
        if array.shape != want:
            raise InputError(
                f"{name} has shape {array.shape}, expected {want} for x of shape {shape} with "
                f"channel axis {inputs.axis}. Reshape it; nothing is broadcast."
            )
    _check_numbers(inputs)
    _check_mask(inputs)


def _check_axis(inputs: Inputs) -> None:
    ndim = inputs.x.ndim
    axes = inputs.axis if isinstance(inputs.axis, tuple) else (inputs.axis,)
    inside = all(-ndim <= a < ndim for a in axes)
    if ndim < 2 or not axes or not inside or len({a % ndim for a in axes}) != len(axes):  # noqa: PLR2004 - a batch axis and a channel axis
        raise InputError(
            f"axis {inputs.axis} of x of shape {inputs.x.shape} is no channel axis. x needs two "
            "axes or more, and axis must name one of them (or several different ones, for the "
            "per-activation mode)."
        )


def _check_type(name: str, dtype: np.dtype[Any]) -> None:
    try:
        bits = int(finfo(dtype).bits)
    except (ValueError, TypeError):
        bits = None
    if bits is None or bits > _FLOAT64_BITS or dtype.kind == "c":
        raise InputError(
            f"{name} has type {dtype}, expected a binary float of at most 64 bits "
            "(float64, float32, float16, bfloat16). Convert it to the type under test."
        )


def _check_numbers(inputs: Inputs) -> None:
    if not (np.isfinite(inputs.eps) and inputs.eps >= 0):
        raise InputError(f"eps is {inputs.eps!r}, expected a finite number that is not negative.")
    if not np.isfinite(inputs.momentum):
        raise InputError(f"momentum is {inputs.momentum!r}, expected a finite number.")
    if (inputs.running_mean is None) != (inputs.running_var is None):
        raise InputError(
            "one of running_mean and running_var is given, expected both or none. "
            "Pass both, or leave both out."
        )
    if not inputs.training and inputs.running_mean is None:
        raise InputError(
            "test mode (training=False) normalizes by running statistics and none are given. "
            "Pass running_mean and running_var, or training=True."
        )


def _check_mask(inputs: Inputs) -> None:
    mask, x = inputs.mask, inputs.x
    if mask is None:
        return
    if mask.dtype != np.bool_:
        raise InputError(f"mask has type {mask.dtype}, expected bool. True keeps a value.")
    sizes = zip(mask.shape, x.shape, strict=False)
    if mask.ndim != x.ndim or any(given not in (1, whole) for given, whole in sizes):
        raise InputError(
            f"mask has shape {mask.shape}, expected as many axes as x of shape {x.shape}, each as "
            "long as there or 1. Reshape it, such as mask[:, None] where channels are on axis 1."
        )
    if inputs.earlier:
        raise InputError(
            f"a mask is given and {len(inputs.earlier)} earlier batches. A mask is of one batch: "
            "leave the others out."
        )
    found = counts(inputs)
    if not isinstance(found, int) and found.size and bool(found.any()) and not bool(found.all()):
        raise InputError(
            f"the mask keeps no value of channel {int(np.argmin(found))} and some of another, "
            "expected values in every channel or in none. Keep one there."
        )
