"""Models of one node, BatchNormalization in one version of the operator, and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import onnxruntime as ort  # type: ignore[import-not-found, unused-ignore]  # absent when checked
from onnx import helper

from conformance.case import Array, Inputs

ARGUMENTS = {
    "X": "x",
    "scale": "gamma",
    "B": "beta",
    "input_mean": "running_mean",
    "input_var": "running_var",
}
"""The operator's inputs, in its order, and what they are here."""

TYPED = 14
"""The first version of the operator with an attribute for the mode; the outputs tell it before."""

_IR_VERSION = 8
_PER_ACTIVATION = 7
"""The version of the operator that still has the attribute `spatial`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A version of the operator, as a path uses it.

    Attributes:
        opset: The version of the operator set.
        outputs: The operator's outputs that are asked for, in its order, as they are called here.
    """

    opset: int
    outputs: tuple[str, ...] = ("y",)

    def attributes(self, inputs: Inputs) -> dict[str, Any]:
        """The attributes of a call: epsilon and momentum are float32 in every version."""
        found: dict[str, Any] = {
            "epsilon": float(inputs.eps),
            "momentum": 1 - float(inputs.momentum),
        }
        if self.opset >= TYPED:
            found["training_mode"] = int(inputs.training)
        if self.opset == _PER_ACTIVATION:
            found["spatial"] = 0
        return found

    def run(self, inputs: Inputs, given: dict[str, Array]) -> list[Array]:
        """Run a model of the node over arrays by their names in the operator."""
        types = tuple(helper.np_dtype_to_tensor_dtype(values.dtype) for values in given.values())
        session = _session(self, types, tuple(self.attributes(inputs).items()))
        return list(session.run(None, given))


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


@lru_cache(maxsize=64)
def _session(node: Node, types: tuple[int, ...], attributes: tuple[tuple[str, Any], ...]) -> Any:
    kinds = dict(zip(ARGUMENTS, types, strict=True))
    results = {name: types[0 if name == "y" else 3] for name in node.outputs}
    operator = helper.make_node(
        "BatchNormalization", list(kinds), list(results), **dict(attributes)
    )

    def told(names: dict[str, int]) -> list[Any]:
        return [helper.make_tensor_value_info(name, kind, None) for name, kind in names.items()]

    graph = helper.make_graph([operator], "batch_norm", told(kinds), told(results))
    imports = [helper.make_opsetid("", node.opset)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=_IR_VERSION)
    options = ort.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised as well
    providers = ["CPUExecutionProvider"]
    return ort.InferenceSession(model.SerializeToString(), options, providers=providers)
