"""Compiled models of one batch normalization: OpenVINO's own operation, and ONNX's operator."""

from __future__ import annotations

import inspect
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import openvino as ov  # type: ignore[import-not-found, unused-ignore]  # absent when checked
from onnx import helper
from openvino import opset5  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Array, Inputs
from conformance.float_types import dtype_of

from ..onnx.node import Node

ARGUMENTS = ("x", "gamma", "beta", "running_mean", "running_var")
"""What both are given, in their order."""

TYPES = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
_TYPED = 14
"""The first version of ONNX's operator with an attribute for the mode; outputs tell it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a path compiles.

    Attributes:
        outputs: What it returns, in its order, as outputs are called here.
        opset: The version of ONNX's operator; None for OpenVINO's own operation.
    """

    outputs: tuple[str, ...] = ("y",)
    opset: int | None = None

    def run(self, inputs: Inputs, given: list[Array]) -> list[Array]:
        """Compile the model for the rank and the type of `given`, and run it."""
        numbers = (float(inputs.eps), 1 - float(inputs.momentum))
        compiled = _compiled(self, str(inputs.x.dtype), inputs.x.ndim, *numbers)
        found = compiled(given)
        return [found[place] for place in range(len(self.outputs))]


MODELS = {
    "batch_norm_inference": Model(),
    "onnx_opset15": Model(opset=15),
    "onnx_opset15_training": Model(opset=15, outputs=("y", "running_mean", "running_var")),
    "onnx_opset9_training": Model(
        opset=9, outputs=("y", "running_mean", "running_var", "mean", "var")
    ),
}
"""The paths."""


def attributes(model: Model, eps: float, momentum: float) -> dict[str, Any]:
    """The attributes of ONNX's operator; epsilon and momentum are float32 in every version."""
    found: dict[str, Any] = {"epsilon": eps, "momentum": momentum}
    if model.opset is not None and model.opset >= _TYPED:
        found["training_mode"] = int(len(model.outputs) > 1)
    return found


def run_told(node: Node, told: Mapping[str, Any], given: dict[str, Array]) -> list[Array]:
    """Run ONNX's operator that is told some attributes."""
    model, x = Model(outputs=node.outputs, opset=node.opset), given["X"]
    proto = _operator(model, node.opset, (str(x.dtype), x.ndim), dict(told))
    core = ov.Core()
    read = core.read_model(io.BytesIO(proto.SerializeToString()))
    found = core.compile_model(read, "CPU")(list(given.values()))
    return [found[place] for place in range(len(node.outputs))]


def defaults_of_operation() -> dict[str, object]:
    """The eps of ``openvino.opset5.batch_norm_inference``, which has no momentum and no mask."""
    told = inspect.signature(opset5.batch_norm_inference).parameters
    eps = told["epsilon"].default
    return {
        "eps": None if eps is inspect.Parameter.empty else eps,
        "takes_mask": "mask" in told,
    }


@lru_cache(maxsize=64)
def _compiled(model: Model, dtype: str, rank: int, eps: float, momentum: float) -> Any:
    core = ov.Core()
    if model.opset is None:
        return core.compile_model(_operation(dtype, rank, eps), "CPU")
    proto = _operator(model, model.opset, (dtype, rank), attributes(model, eps, momentum))
    return core.compile_model(core.read_model(io.BytesIO(proto.SerializeToString())), "CPU")


def _operation(dtype: str, rank: int, eps: float) -> Any:
    kind = getattr(ov.Type, TYPES[dtype])
    shapes = ([-1] * rank, *[[-1]] * (len(ARGUMENTS) - 1))
    parameters = [opset5.parameter(shape, kind) for shape in shapes]
    y = opset5.batch_norm_inference(*parameters, epsilon=eps)
    return ov.Model([y], parameters, "batch_norm")


def _operator(model: Model, opset: int, like: tuple[str, int], told: dict[str, Any]) -> Any:
    dtype, rank = like
    given, outputs = [f"given_{name}" for name in ARGUMENTS], list(model.outputs)
    node = helper.make_node("BatchNormalization", given, outputs, **told)
    kind = helper.np_dtype_to_tensor_dtype(dtype_of(dtype))

    def typed(names: list[str]) -> list[Any]:
        images = ("given_x", "y")
        shapes = [[None] * (rank if name in images else 1) for name in names]
        return [
            helper.make_tensor_value_info(name, kind, shape)
            for name, shape in zip(names, shapes, strict=True)
        ]

    graph = helper.make_graph([node], "batch_norm", typed(given), typed(outputs))
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)
