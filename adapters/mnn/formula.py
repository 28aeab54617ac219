"""Batch normalization as it is written with the functions of MNN.expr: any axes, any rank."""

from __future__ import annotations

from typing import Any

from MNN import expr  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from conformance.case import Actual, Inputs

from .calling import GRADIENTS, Vars, array, gradients, variable


def run(inputs: Inputs) -> Actual:
    """Run `reduce_mean`, `square` and `rsqrt` of MNN.expr, with `MNN.optim.Grad`."""
    kept = inputs.channel_axes
    shape = tuple(n if a in kept else 1 for a, n in enumerate(inputs.x.shape))
    given = {
        name: variable(values, inputs.x.shape if name in ("x", "dy") else shape)
        for name, values in inputs.given().items()
    }
    found: Vars = {"y": _normalized(inputs, given)}
    if "dy" in given:
        leaves = {name: given[name] for name in GRADIENTS if name in given}
        found |= gradients(found["y"], given["dy"], leaves)
    return {name: array(value).reshape(inputs.shape_of(name)) for name, value in found.items()}


def _normalized(inputs: Inputs, given: Vars) -> Any:
    rest = [a for a in range(inputs.x.ndim) if a not in inputs.channel_axes]
    x = given["x"]
    if inputs.training:
        centered = x - expr.reduce_mean(x, rest, True)  # noqa: FBT003 - MNN's
        var = expr.reduce_mean(expr.square(centered), rest, True)  # noqa: FBT003 - the same
    else:
        centered, var = x - given["running_mean"], given["running_var"]
    y = centered * expr.rsqrt(var + float(inputs.eps))
    y = y * given["gamma"] if "gamma" in given else y
    return y + given["beta"] if "beta" in given else y
