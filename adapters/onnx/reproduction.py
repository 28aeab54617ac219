"""A call of a path as a program in the terms of the package onnx, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from . import models
from .node import ARGUMENTS, Node

_EVALUATED = ("found = dict(zip(outputs, ReferenceEvaluator(model).run(None, given)))",)


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    head = ["from onnx import helper", "from onnx.reference import ReferenceEvaluator"]
    return "\n".join(lines(models.NODES[path], inputs, output, head, _EVALUATED)) + "\n"


def lines(
    node: Node, inputs: Inputs, output: str, head: Iterable[str], run: Iterable[str]
) -> Iterator[str]:
    """A program that makes the model of a node, runs it, and prints an output.

    Args:
        node: The node.
        inputs: The call.
        output: The output.
        head: What is imported beside numpy; `helper` of onnx is among it.
        run: Lines that run `model` on the dict `given`, and give the dict `found`.
    """
    yield from ("import numpy as np", *head)
    if "bfloat16" in inputs.types:
        yield "from ml_dtypes import bfloat16"
    yield from ("", "given = {")
    for name, field in ARGUMENTS.items():
        yield f'    "{name}": {_array(inputs, field)},'
    yield "}"
    told = ", ".join(f"{name}={value!r}" for name, value in node.attributes(inputs).items())
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
    yield from run
    shown, axis = f'found["{output}"]', inputs.channel_axes[0]
    moved = f"np.moveaxis({shown}, 1, {axis})" if output == "y" and axis != 1 else shown
    yield f"print({moved}.tolist())"


def _array(inputs: Inputs, field: str) -> str:
    values: Array = getattr(inputs, field)
    if field == "x":
        values = layout.channels_first(values, inputs.channel_axes[0])
    dtype = "bfloat16" if str(values.dtype) == "bfloat16" else f"np.{values.dtype}"
    return in_numpy(values, dtype)
