"""The fused operation, which works on images and knows two axis orders.

Vectors ``(N, C)`` become images of one pixel, as the layers of `tf.compat.v1` make them; arrays
of the other axis order are transposed on the way in and back.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance import layout
from conformance.case import Actual, Array, Inputs

from .calling import Mode, Tensors, arrays, call, tensors

GPUS = tf.config.list_physical_devices("GPU")

MOVES = {
    "NHWC": (layout.channels_last, layout.from_channels_last),
    "NCHW": (layout.channels_first, layout.from_channels_first),
}
"""How arrays come into an axis order, and back."""


def fused(
    given: Tensors, *, data_format: str, training: bool, eps: float, factor: float
) -> Tensors:
    """Call `FusedBatchNormV3` and `FusedBatchNormGradV3`."""
    none = tf.zeros([0], given["gamma"].dtype)  # asks for the batch's statistics themselves
    before = (given.get("running_mean", none), given.get("running_var", none))
    settings = {"epsilon": eps, "data_format": data_format, "is_training": training}
    out = tf.raw_ops.FusedBatchNormV3(
        x=given["x"],
        scale=given["gamma"],
        offset=given["beta"],
        mean=before[0],
        variance=before[1],
        exponential_avg_factor=factor,
        **settings,
    )
    saved = (out.reserve_space_1, out.reserve_space_2) if training else before
    found = {"y": out.y}
    if "running_mean" in given:
        found |= {"running_mean": out.batch_mean, "running_var": out.batch_variance}
    if training:
        found |= {"mean": saved[0], "var": saved[1]}
    if "dy" in given:
        grad = tf.raw_ops.FusedBatchNormGradV3(
            y_backprop=given["dy"],
            x=given["x"],
            scale=given["gamma"],
            reserve_space_1=saved[0],
            reserve_space_2=saved[1],
            reserve_space_3=out.reserve_space_3,
            **settings,
        )
        found |= {
            "dx": grad.x_backprop,
            "dgamma": grad.scale_backprop,
            "dbeta": grad.offset_backprop,
        }
    return found


def image(values: Array, axis: int, order: str) -> Array:
    """An array of the shape of x as images of that order."""
    moved = MOVES[order][0](values, axis)
    if moved.ndim > 2:  # noqa: PLR2004 - vectors have two axes
        return moved
    pixel = (1, 2) if order == "NHWC" else (2, 3)
    return np.expand_dims(moved, pixel)


def data_format(inputs: Inputs, order: str) -> str:
    """The order by the name that the operation has for it at this rank."""
    return order if inputs.x.ndim < 5 else order.replace("H", "DH")  # noqa: PLR2004 - volumes


def factor(inputs: Inputs) -> float:
    """The weight of the batch's statistics; all of it where no running ones are kept."""
    return 1.0 if inputs.running_mean is None else inputs.momentum


def run(inputs: Inputs, *, order: str, mode: Mode) -> Actual:
    """Run `fused` in that order and mode."""
    (axis,) = inputs.channel_axes
    move, back = MOVES[order]
    settings: dict[str, Any] = {
        "data_format": data_format(inputs, order),
        "training": inputs.training,
        "eps": inputs.eps,
        "factor": factor(inputs),
    }
    given = tensors(inputs, images=lambda values: image(values, axis, order))
    found = arrays(call(fused, given, settings, mode=mode))
    if GPUS:
        found.pop("var", None)  # cuDNN saves the inverse root under this name
    moved_shape = move(inputs.x, axis).shape
    for name in found.keys() & {"y", "dx"}:
        found[name] = back(found[name].reshape(moved_shape), axis)
    return found
