"""Models of one node: BatchNormalization in one version of the operator."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from onnx import helper
from onnx.reference import ReferenceEvaluator

from conformance.case import Array, Inputs

ARGUMENTS = {
    "X": "x",
    "scale": "gamma",
    "B": "beta",
    "input_mean": "running_mean",
    "input_var": "running_var",
}
"""The operator's inputs, in its order, and what they are here."""

RESULTS = {"Y": "y", "running_mean": "running_mean", "running_var": "running_var"}
"""The operator's outputs in training mode, and what they are here; Y alone in the other."""

_IR_VERSION = 10


def attributes(opset: int, inputs: Inputs) -> dict[str, Any]:
    """The operator's attributes: epsilon and momentum are float32 in every version of it."""
    found: dict[str, Any] = {"epsilon": float(inputs.eps), "momentum": 1 - float(inputs.momentum)}
    if opset >= 14:  # noqa: PLR2004 - before that the number of outputs says it
        found["training_mode"] = int(inputs.training)
    return found


def evaluated(opset: int, inputs: Inputs, given: dict[str, Array]) -> list[Array]:
    """Run a model of the node over arrays by their names in the operator."""
    types = tuple(helper.np_dtype_to_tensor_dtype(values.dtype) for values in given.values())
    made = _evaluator(opset, types, tuple(attributes(opset, inputs).items()))
    return list(made.run(None, given))


@lru_cache(maxsize=64)
def _evaluator(
    opset: int, types: tuple[int, ...], given: tuple[tuple[str, Any], ...]
) -> ReferenceEvaluator:
    attributes = dict(given)
    outputs = list(RESULTS) if attributes.get("training_mode") else ["Y"]
    kinds = dict(zip(ARGUMENTS, types, strict=True))
    kinds |= {"Y": types[0], "running_mean": types[3], "running_var": types[4]}
    node = helper.make_node("BatchNormalization", list(ARGUMENTS), outputs, **attributes)

    def told(names: list[str]) -> list[Any]:
        return [helper.make_tensor_value_info(name, kinds[name], None) for name in names]

    graph = helper.make_graph([node], "batch_norm", told(list(ARGUMENTS)), told(outputs))
    imports = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=_IR_VERSION)
    return ReferenceEvaluator(model)
