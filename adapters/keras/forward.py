"""The layer on a backend that differentiates nothing: numpy, OpenVINO."""

from __future__ import annotations

from conformance.case import Actual, Inputs

from .layer import arrays, built, options, running, tensor


def run(inputs: Inputs) -> Actual:
    """Call the layer: y and the running statistics."""
    layer = built(inputs)
    y = layer(tensor(inputs.x), **options(inputs))
    return arrays({"y": y, **running(layer, inputs)})
