"""A call of a path as a program in the terms of the package onnx, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import nested

from . import models

OPSETS = {"opset9": 9, "opset15": 15, "opset15_training": 15}
"""The paths, and the version of the operator in each."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    return "\n".join(_lines(OPSETS[path], inputs, output)) + "\n"


def _lines(opset: int, inputs: Inputs, output: str) -> Iterator[str]:
    yield from ("import numpy as np", "from onnx import helper")
    yield "from onnx.reference import ReferenceEvaluator"
    if "bfloat16" in inputs.types:
        yield "from ml_dtypes import bfloat16"
    yield from ("", "given = {")
    for name, field in models.ARGUMENTS.items():
        yield f'    "{name}": {_array(inputs, field)},'
    yield "}"
    names = ", ".join(models.RESULTS if inputs.training else ("Y",))
    told = ", ".join(f"{k}={v!r}" for k, v in models.attributes(opset, inputs).items())
    yield f'outputs = "{names}".split(", ")'
    yield f'node = helper.make_node("BatchNormalization", list(given), outputs, {told})'
    yield "def info(name, like):"
    yield "    return helper.make_tensor_value_info("
    yield "        name, helper.np_dtype_to_tensor_dtype(given[like].dtype), None"
    yield "    )"
    yield "graph = helper.make_graph("
    yield '    [node], "batch_norm", [info(name, name) for name in given],'
    yield '    [info(name, "X" if name == "Y" else "input_mean") for name in outputs],'
    yield ")"
    yield f'imports = [helper.make_opsetid("", {opset})]'
    yield "model = helper.make_model(graph, opset_imports=imports, ir_version=10)"
    yield "found = dict(zip(outputs, ReferenceEvaluator(model).run(None, given)))"
    (axis,) = inputs.channel_axes
    shown = f'found["{"Y" if output == "y" else output}"]'
    moved = f"np.moveaxis({shown}, 1, {axis})" if output == "y" and axis != 1 else shown
    yield f"print({moved}.tolist())"


def _array(inputs: Inputs, field: str) -> str:
    values: Array = getattr(inputs, field)
    if field == "x":
        values = layout.channels_first(values, inputs.channel_axes[0])
    dtype = "bfloat16" if str(values.dtype) == "bfloat16" else f"np.{values.dtype}"
    made = f"np.array({nested(values)}, {dtype})"
    return made if values.size else f"{made}.reshape({values.shape})"
