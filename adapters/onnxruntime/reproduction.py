"""A call of a path as a program in the terms of ONNX and its runtime, for the issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import nested

from . import models


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    return "\n".join(_lines(models.NODES[path], inputs, output)) + "\n"


def _lines(node: models.Node, inputs: Inputs, output: str) -> Iterator[str]:
    yield from ("import numpy as np", "import onnxruntime", "from onnx import helper", "")
    yield "given = {"
    for name, field in models.ARGUMENTS.items():
        yield f'    "{name}": {_array(inputs, field)},'
    yield "}"
    attributes = node.attributes(inputs)
    told = ", ".join(f"{name}={value!r}" for name, value in attributes.items())
    yield f'outputs = "{", ".join(node.outputs)}".split(", ")'
    yield f'node = helper.make_node("BatchNormalization", list(given), outputs, {told})'
    yield "def info(name, like):"
    yield "    return helper.make_tensor_value_info("
    yield "        name, helper.np_dtype_to_tensor_dtype(given[like].dtype), None"
    yield "    )"
    yield "graph = helper.make_graph("
    yield '    [node], "batch_norm", [info(name, name) for name in given],'
    yield '    [info(name, "X" if name == "y" else "input_mean") for name in outputs],'
    yield ")"
    yield f'imports = [helper.make_opsetid("", {node.opset})]'
    yield "model = helper.make_model(graph, opset_imports=imports, ir_version=8)"
    yield "session = onnxruntime.InferenceSession("
    yield '    model.SerializeToString(), providers=["CPUExecutionProvider"]'
    yield ")"
    yield "found = dict(zip(outputs, session.run(None, given)))"
    shown = f'found["{output}"]'
    axis = inputs.channel_axes[0]
    moved = f"np.moveaxis({shown}, 1, {axis})" if output == "y" and axis != 1 else shown
    yield f"print({moved}.tolist())"


def _array(inputs: Inputs, field: str) -> str:
    values: Array = getattr(inputs, field)
    if field == "x":
        values = layout.channels_first(values, inputs.channel_axes[0])
    made = f"np.array({nested(values)}, np.{values.dtype})"
    return made if values.size else f"{made}.reshape({values.shape})"
