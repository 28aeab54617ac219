"""The layer of MLX, whose channels come last."""

from __future__ import annotations

import mlx.core as mx  # type: ignore[import-not-found, unused-ignore]  # checked without MLX too
from mlx import nn  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from .calling import Arrays, array, differentiate, own

REFUSALS = (
    ("requires more than one value per channel", "training refuses one value per channel"),
    ("'eps' must be positive", "the layer refuses an eps of 0"),
)
"""MLX's own words for an input that it does not take, and ours."""

STATE = {
    "gamma": "weight",
    "beta": "bias",
    "running_mean": "running_mean",
    "running_var": "running_var",
}
"""Names here to those in the layer."""


def run(inputs: Inputs) -> Actual:
    """Run `mlx.nn.BatchNorm` in its training or evaluation mode, with `mx.vjp`."""
    if (inputs.gamma is None) != (inputs.beta is None):
        raise Unsupported("the layer has weight and bias, or neither")
    (axis,) = inputs.channel_axes
    # The axis is moved by MLX, as who has channels first does it: no copy is made of that.
    given = {name: own(value) for name, value in inputs.given().items()}
    given |= {name: mx.moveaxis(given[name], axis, -1) for name in given.keys() & {"x", "dy"}}
    try:
        found = _called(inputs, given)
    except ValueError as error:
        for words, reason in REFUSALS:
            if words in str(error):
                raise Unsupported(reason) from error
        raise
    found |= {name: mx.moveaxis(found[name], -1, axis) for name in found.keys() & {"y", "dx"}}
    return {name: array(value) for name, value in found.items()}


def _called(inputs: Inputs, given: Arrays) -> Arrays:
    layer = nn.BatchNorm(
        given["x"].shape[-1],
        eps=inputs.eps,
        momentum=inputs.momentum,
        affine="gamma" in given,
        track_running_stats="running_mean" in given,
    )
    layer.train(inputs.training)

    def forward(arrays: Arrays) -> mx.array:
        layer.update({STATE[name]: arrays[name] for name in STATE if name in arrays})
        return layer(arrays["x"])

    found = differentiate(forward, given)
    if "running_mean" in given:
        found |= {"running_mean": layer.running_mean, "running_var": layer.running_var}
    return found
