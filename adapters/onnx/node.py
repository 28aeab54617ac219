"""One node: BatchNormalization in one version of the operator, as a model of it alone.

onnx's own evaluator runs such models, and so does ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

_TYPED = 14
"""The first version of the operator with an attribute for the mode; the outputs tell it before."""

_IR_VERSION = 8
_PER_ACTIVATION = 7
"""The version of the operator that still has the attribute `spatial`."""

Signature = tuple[tuple[int, ...], tuple[tuple[str, Any], ...]]
"""What a model is made for: the types of the arguments, and the attributes."""


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
        if self.opset >= _TYPED:
            found["training_mode"] = int(inputs.training)
        if self.opset == _PER_ACTIVATION:
            found["spatial"] = 0
        return found

    def signature(self, inputs: Inputs, given: Mapping[str, Array]) -> Signature:
        """What a call needs a model for."""
        types = tuple(helper.np_dtype_to_tensor_dtype(values.dtype) for values in given.values())
        return types, tuple(self.attributes(inputs).items())

    def model(self, signature: Signature) -> Any:
        """A model of the node alone; its first axes may have any size."""
        types, attributes = signature
        kinds = dict(zip(ARGUMENTS, types, strict=True))
        results = {name: types[0 if name == "y" else 3] for name in self.outputs}
        operator = helper.make_node(
            "BatchNormalization", list(kinds), list(results), **dict(attributes)
        )

        def told(names: dict[str, int]) -> list[Any]:
            return [helper.make_tensor_value_info(name, kind, None) for name, kind in names.items()]

        graph = helper.make_graph([operator], "batch_norm", told(kinds), told(results))
        imports = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=imports, ir_version=_IR_VERSION)

    def answers(self, found: Sequence[Array]) -> dict[str, Array]:
        """The outputs by their names here."""
        return dict(zip(self.outputs, found, strict=True))
