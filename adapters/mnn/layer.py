"""The layer of MNN: made by hand, or read from a model that was converted for training."""

from __future__ import annotations

from typing import Any

import numpy as np
from MNN import expr, nn  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from conformance import layout
from conformance.case import Actual, Array, Inputs

from . import models
from .calling import GRADIENTS, array, gradients, variable

PARAMETERS = ("gamma", "beta", "running_var", "running_mean")
"""The parameters of the layer, in its order."""

STATE = ("running_mean", "running_var")


def run(inputs: Inputs, *, last: bool = False) -> Actual:
    """Run `MNN.nn.batch_norm`.

    Args:
        inputs: The call.
        last: Whether x is a variable of the format NHWC, the channel axis last, or one of NCHW.
    """
    channels, rank = inputs.channel_shape[0], inputs.x.ndim
    made = nn.batch_norm(channels, rank, 1 - float(inputs.momentum), float(inputs.eps))
    shape = (1, channels, *[1] * (rank - 2))
    given = zip(PARAMETERS, made.parameters, strict=True)
    made.load_parameters([_own(inputs, name, shape, initial) for name, initial in given])
    found = _called(made, inputs, last=last)
    if inputs.running_mean is not None:
        found |= {n: array(made.parameters[PARAMETERS.index(n)]).reshape(-1) for n in STATE}
    return found


def run_converted(inputs: Inputs) -> Actual:
    """Run ONNX's operator as converted for training, whose momentum is always 0.99.

    The running statistics are left out: no call can say the momentum.
    """
    x, y = models.for_training(inputs)
    return _called(nn.load_module([x], [y], True), inputs, last=False)  # noqa: FBT003 - MNN's


def defaults() -> dict[str, object]:
    """What `MNN.nn.batch_norm` does where it is told nothing, as one call of it shows."""
    made = nn.batch_norm(1, 2)
    one = variable(np.ones((1, 1)), (1, 1))
    made.train(False)  # noqa: FBT003 - MNN's
    tested = array(made.forward(one)).item()  # of a running variance of 0
    made.train(True)  # noqa: FBT003 - MNN's
    array(made.forward(one))
    weight = array(made.parameters[PARAMETERS.index("running_mean")]).item()
    return {"eps": float(f"{tested**-2:.6g}"), "new_weight": weight, "takes_mask": False}


def _own(inputs: Inputs, name: str, shape: tuple[int, ...], initial: Any) -> Any:
    values = getattr(inputs, name)
    return initial if values is None else variable(values, shape)


def _called(called: Any, inputs: Inputs, *, last: bool) -> dict[str, Array]:
    (axis,) = inputs.channel_axes
    there, back, order = (
        (layout.channels_last, layout.from_channels_last, expr.NHWC)
        if last
        else (layout.channels_first, layout.from_channels_first, expr.NCHW)
    )
    called.train(inputs.training)
    moved = there(inputs.x, axis)
    leaves = {"x": variable(moved, moved.shape, order)}
    leaves |= dict(zip(("gamma", "beta"), called.parameters, strict=False))
    found = {"y": called.forward(leaves["x"])}
    if inputs.dy is not None:
        dy = variable(there(inputs.dy, axis), moved.shape, order)
        found |= gradients(found["y"], dy, leaves)
    images = {n: back(array(found.pop(n)), axis) for n in ("y", GRADIENTS["x"]) if n in found}
    return images | {name: array(value).reshape(-1) for name, value in found.items()}
