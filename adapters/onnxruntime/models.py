"""The nodes of the paths, and sessions of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import onnxruntime as ort  # type: ignore[import-not-found, unused-ignore]  # absent when checked
from onnx import helper

from conformance.case import Array, Inputs

from ..onnx.node import Node, Signature

NODES = {
    "opset7_per_activation": Node(opset=7),
    "opset9": Node(opset=9),
    # The operator calls its last output the saved variance; what the runtime saves is the inverse.
    "opset9_training": Node(
        opset=9, outputs=("y", "running_mean", "running_var", "mean", "inv_std")
    ),
    "opset15": Node(opset=15),
    "opset15_training": Node(opset=15, outputs=("y", "running_mean", "running_var")),
}
"""The paths."""


def run(node: Node, inputs: Inputs, given: dict[str, Array]) -> dict[str, Array]:
    """Run a node over arrays by their names in the operator."""
    return node.answers(_session(node, node.signature(inputs, given)).run(None, given))


def run_told(node: Node, told: Mapping[str, Any], given: dict[str, Array]) -> Any:
    """Run a node that is told some attributes."""
    types = tuple(helper.np_dtype_to_tensor_dtype(values.dtype) for values in given.values())
    return _session(node, (types, tuple(told.items()))).run(None, given)


@lru_cache(maxsize=64)
def _session(node: Node, signature: Signature) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised as well
    model, providers = node.model(signature).SerializeToString(), ["CPUExecutionProvider"]
    return ort.InferenceSession(model, options, providers=providers)
