"""The nodes of the paths, and evaluators of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from onnx import helper
from onnx.reference import ReferenceEvaluator

from conformance.case import Array, Inputs

from .node import Node, Signature

NODES = {
    "opset9": Node(opset=9),
    "opset15": Node(opset=15),
    "opset15_training": Node(opset=15, outputs=("y", "running_mean", "running_var")),
}
"""The paths."""


def evaluated(node: Node, inputs: Inputs, given: dict[str, Array]) -> dict[str, Array]:
    """Evaluate a node over arrays by their names in the operator."""
    found: Any = _evaluator(node, node.signature(inputs, given)).run(None, given)
    return node.answers(found)


def run(node: Node, told: Mapping[str, Any], given: dict[str, Array]) -> Any:
    """Evaluate a node that is told some attributes."""
    types = tuple(helper.np_dtype_to_tensor_dtype(values.dtype) for values in given.values())
    return _evaluator(node, (types, tuple(told.items()))).run(None, given)


@lru_cache(maxsize=64)
def _evaluator(node: Node, signature: Signature) -> ReferenceEvaluator:
    return ReferenceEvaluator(node.model(signature))
