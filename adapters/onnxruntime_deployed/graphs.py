"""A deployed block as an ONNX model, made by hand node for node: no exporter has a part in it.

The operators take channels second; blocks with channels last are turned by a Transpose on the way
in and one on the way back, and so is a linear layer's output whose last axis is normalized.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from conformance.block import Block, Norm, Product
from conformance.case import Array, Inputs
from conformance.errors import Unsupported

OPSET = 15
"""The version in which BatchNormalization got the form that it still has."""

CONVOLVES_BFLOAT16 = 22
"""The first version in which Conv and ConvTranspose take bfloat16."""

_IR_VERSION = 10


@dataclass(slots=True)
class Graph:
    """Nodes and constants as they are added; a node's output is called like what it does.

    Attributes:
        nodes: The nodes, in their order.
        constants: What they hold: the numbers of the layers.
    """

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, name: str, values: Array) -> str:
        """A constant; returns its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, *given: str, **attributes: Any) -> str:
        """A node of one output; returns the output's name."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, given, [output], name=output, **attributes))
        return output

    def moved(self, given: str, rank: int, source: int, target: int) -> str:
        """A Transpose that moves one axis."""
        order = [axis for axis in range(rank) if axis != source]
        order.insert(target, source)
        return self.node("Transpose", given, perm=order)


def model(inputs: Inputs) -> onnx.ModelProto:
    """The model of a call: x, and skip where there is one, to y."""
    block = _block(inputs)
    graph, last = Graph(), is_last(inputs)
    rank = inputs.x.ndim
    given = feeds(inputs)
    inside = {n: graph.moved(n, rank, rank - 1, 1) if last else n for n in given}
    y = _block_of(graph, inputs, block, inside)
    y = graph.moved(y, rank, 1, rank - 1) if last else y
    graph.nodes[-1].output[0] = "y"
    kind = helper.np_dtype_to_tensor_dtype(inputs.x.dtype)
    shape = block.output_shape(inputs.x.shape, inputs.channel_axes[0])
    made = helper.make_graph(
        graph.nodes,
        "block",
        [helper.make_tensor_value_info(name, kind, a.shape) for name, a in given.items()],
        [helper.make_tensor_value_info("y", kind, shape)],
        graph.constants,
    )
    imports = [helper.make_opsetid("", _opset(inputs, block))]
    whole = helper.make_model(made, opset_imports=imports, ir_version=_IR_VERSION)
    onnx.checker.check_model(whole, full_check=True)
    return whole


def feeds(inputs: Inputs) -> dict[str, Array]:
    """What the model is given, by name."""
    skip = _block(inputs).skip
    found = {"x": inputs.x} if skip is None else {"x": inputs.x, "skip": skip}
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def is_last(inputs: Inputs) -> bool:
    """Whether what is given is to be turned to have its channels second."""
    return inputs.channel_axes[0] != 1 and not _is_linear(inputs)


def _is_linear(inputs: Inputs) -> bool:
    product = _block(inputs).product
    return product is not None and product.kind == "linear"


def _block(inputs: Inputs) -> Block:
    if inputs.block is None:
        raise Unsupported("no block: this is a path of deployment")
    return inputs.block


def _opset(inputs: Inputs, block: Block) -> int:
    convolves = block.product is not None and block.product.kind != "linear"
    return CONVOLVES_BFLOAT16 if convolves and str(inputs.x.dtype) == "bfloat16" else OPSET


def _block_of(graph: Graph, inputs: Inputs, block: Block, given: dict[str, str]) -> str:
    """The nodes of a block, as `conformance.block` says it; returns the name of y."""
    x, skip = given["x"], given.get("skip")
    if block.norm_first:
        y = _norm(graph, inputs, inputs, x)
        y = y if block.product is None else _product(graph, block.product, inputs.x.ndim, y)
    else:
        z = x if block.product is None else _product(graph, block.product, inputs.x.ndim, x)
        if skip is not None and block.skip_first:
            z = graph.node("Add", z, skip)
        y = _norm(graph, inputs, inputs, z)
        if block.second is not None:
            y = graph.node("Add", y, _norm(graph, inputs, block.second, z, "second_"))
    if skip is not None and not block.skip_first:
        y = graph.node("Add", y, skip)
    return graph.node("Relu", y) if block.relu else y


def _norm(graph: Graph, inputs: Inputs, of: Inputs | Norm, z: str, prefix: str = "") -> str:
    rank, last = inputs.x.ndim, inputs.channel_axes[0]
    turned = _is_linear(inputs) and last != 1
    z = graph.moved(z, rank, last, 1) if turned else z
    names = ("gamma", "beta", "running_mean", "running_var")
    constants = [graph.constant(prefix + name, getattr(of, name)) for name in names]
    y = graph.node("BatchNormalization", z, *constants, epsilon=float(inputs.eps))
    return graph.moved(y, rank, 1, last) if turned else y


def _product(graph: Graph, product: Product, rank: int, x: str) -> str:
    bias: Sequence[str] = ()
    if product.bias is not None:
        bias = (graph.constant("bias", product.bias),)
    if product.kind == "linear":
        return _linear(graph, product, rank, x, bias)
    weight = graph.constant("weight", product.weight)
    told: dict[str, Any] = {
        "kernel_shape": product.weight.shape[2:],
        "strides": product.stride,
        "pads": product.padding * 2,
        "dilations": product.dilation,
        "group": product.groups,
    }
    if product.kind == "conv":
        return graph.node("Conv", x, weight, *bias, **told)
    told["output_padding"] = product.output_padding
    return graph.node("ConvTranspose", x, weight, *bias, **told)


def _linear(graph: Graph, product: Product, rank: int, x: str, bias: Sequence[str]) -> str:
    """Gemm for rows; for anything deeper MatMul and Add, as exporters write it."""
    if rank == 2:  # noqa: PLR2004 - what Gemm takes
        return graph.node("Gemm", x, graph.constant("weight", product.weight), *bias, transB=1)
    z = graph.node("MatMul", x, graph.constant("weight", product.weight.T))
    return graph.node("Add", z, *bias) if bias else z
