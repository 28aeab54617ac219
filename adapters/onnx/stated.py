"""What runs the operator does where its attributes say nothing, as one call of it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import defs

from conformance.case import Array, Inputs

from .node import ARGUMENTS, Node

_TRAINED, _TESTED = 2.0**-10, 2.0**-20
"""Half of the distance of the batch's two values: the square of the first is of the size of a usual
eps, that of the other shows even where an evaluator mixes it in.
"""

_LEFT_OUT = ("epsilon", "momentum")

Run = Callable[[Node, Mapping[str, Any], dict[str, Array]], Sequence[Array]]
"""From a node, its attributes and its arguments to its outputs."""


def of_operator(node: Node, run: Run) -> dict[str, object]:
    """The eps and the momentum of a node that is told none; the standard names the momentum.

    What is normalized is one deviation, by that of the batch or by a running variance of 0.
    """
    training = len(node.outputs) > 1
    deviation = _TRAINED if training else _TESTED
    inputs = _asked(deviation, training=training)
    told = {n: v for n, v in node.attributes(inputs).items() if n not in _LEFT_OUT}
    given = {name: np.array(getattr(inputs, field)) for name, field in ARGUMENTS.items()}
    found = node.answers(run(node, told, given))
    variance = deviation**2 if training else 0.0
    eps = (deviation / float(np.abs(found["y"]).max())) ** 2 - variance
    return {"eps": float(f"{eps:.5g}"), "takes_mask": False} | _momentum(node, found)


def _asked(deviation: float, *, training: bool) -> Inputs:
    """A batch of mean 1 deviation to train on, of mean 0 to test on."""
    x = np.array([[1.0], [-1.0]], np.float32) + np.float32(training)
    x *= np.float32(deviation)
    zero, one = np.zeros(1, np.float32), np.ones(1, np.float32)
    return Inputs(x=x, gamma=one, beta=zero, running_mean=zero, running_var=zero, training=training)


def _momentum(node: Node, found: Mapping[str, Array]) -> dict[str, object]:
    schema = defs.get_schema("BatchNormalization", node.opset)
    momentum = schema.attributes["momentum"].default_value.f
    stated: dict[str, object] = {"momentum": float(f"{momentum:.6g}")}  # an attribute is a float32
    if "running_mean" in found:
        stated["new_weight"] = found["running_mean"].item() / _TRAINED
    return stated
