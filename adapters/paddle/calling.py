"""Calling PaddlePaddle: arrays to tensors and back, and gradients by `paddle.grad`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs

Tensors: TypeAlias = dict[str, Any]
"""Tensors by name: the names of `Inputs`, or those of `conformance.arrays.OUTPUT_NAMES`."""


def framework() -> Any:
    """Import PaddlePaddle, which warns at its import that there is no ccache."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddle  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - warned of
    return paddle


paddle = framework()

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
_NAMES = {2: "NC", 3: "NCL", 4: "NCHW", 5: "NCDHW"}


def data_format(rank: int, *, last: bool) -> str:
    """PaddlePaddle's word for an order of axes."""
    first = _NAMES[rank]
    return f"N{first[2:]}C" if last else first


def tensors(inputs: Inputs, *, last: bool) -> Tensors:
    """Copy the arrays of `inputs`, their channel axis second or last.

    The operator updates the running statistics in place; these are copies too.  Only what has a
    gradient asks for one: the usual tensor of PaddlePaddle does not.
    """
    (axis,) = inputs.channel_axes
    move = layout.channels_last if last else layout.channels_first
    found = {}
    for name, values in inputs.given().items():
        held = move(values, axis) if name in LIKE_X else values
        found[name] = paddle.to_tensor(np.array(held, order="C"))
        found[name].stop_gradient = inputs.dy is None or name not in GRADIENTS
    return found


def gradients(y: Any, given: Tensors, leaves: Mapping[str, Any]) -> Tensors:
    """Gradients of ``sum(y * dy)`` by those leaves that exist, as far as there are any.

    Where there is no gamma `paddle.grad` gives no gradient of beta: None, without a word.
    """
    if "dy" not in given:
        return {}
    wanted = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    found = paddle.grad(y, list(wanted.values()), given["dy"])
    pairs = zip(wanted, found, strict=True)
    return {GRADIENTS[name]: value for name, value in pairs if value is not None}


def arrays(inputs: Inputs, outputs: Mapping[str, Any], *, last: bool) -> dict[str, Array]:
    """Copy tensors to arrays of the same types, in the layout of `inputs`."""
    (axis,) = inputs.channel_axes
    move = layout.from_channels_last if last else layout.from_channels_first
    found = {name: np.array(value.numpy()) for name, value in outputs.items()}
    return {n: move(values, axis) if n in LIKE_X else values for n, values in found.items()}
