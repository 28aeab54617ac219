"""A call of the path as a program in the terms of ONNX and tract, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from . import models


def program(_: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call and prints y as nested lists: there is no other output."""
    assert output == "y"  # noqa: S101 - the path returns nothing else
    return "\n".join(_lines(inputs)) + "\n"


def _lines(inputs: Inputs) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    yield from ("import tempfile", "import numpy as np", "import onnx, tract")
    yield from ("from onnx import helper, numpy_helper", "")
    yield f"x = {_array(layout.channels_first(inputs.x, axis))}"
    yield "parameters = {"
    for name, field in models.PARAMETERS.items():
        yield f'    "{name}": {_array(getattr(inputs, field))},'
    yield "}"
    yield 'node = helper.make_node("BatchNormalization", ["X", *parameters], ["Y"],'
    yield f"    epsilon={float(inputs.eps)!r})"
    yield "kind = helper.np_dtype_to_tensor_dtype(x.dtype)"
    yield 'ends = [helper.make_tensor_value_info(name, kind, x.shape) for name in "XY"]'
    yield "constants = [numpy_helper.from_array(v, name) for name, v in parameters.items()]"
    yield 'graph = helper.make_graph([node], "batch_norm", ends[:1], ends[1:], constants)'
    yield 'imports = [helper.make_opsetid("", 15)]'
    yield 'file = tempfile.mkdtemp() + "/model.onnx"'
    yield "onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), file)"
    yield "y = tract.onnx().load(file).into_model().into_runnable().run([x])[0].to_numpy()"
    yield f"print(np.moveaxis(y, 1, {axis}).tolist())"


def _array(values: Array) -> str:
    return in_numpy(values, f"np.{values.dtype}")
