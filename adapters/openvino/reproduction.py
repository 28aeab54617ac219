"""A call of a path as a program in the terms of OpenVINO and ONNX, for the issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from . import models


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    return "\n".join(_lines(models.MODELS[path], inputs, output)) + "\n"


def _lines(model: models.Model, inputs: Inputs, output: str) -> Iterator[str]:
    yield from ("import numpy as np", "import openvino as ov")
    half = str(inputs.x.dtype) == "bfloat16"
    if half:
        yield "from ml_dtypes import bfloat16"
    yield from (("from openvino import opset5",) if model.opset is None else ())
    yield from ("import io", "from onnx import helper") if model.opset is not None else ()
    yield from ("", "given = [")
    for name in models.ARGUMENTS:
        yield f"    {_array(inputs, name)},"
    yield from ("]", "core = ov.Core()")
    yield from _operation(inputs) if model.opset is None else _operator(model, inputs)
    yield f'found = core.compile_model(model, "CPU")(given)[{model.outputs.index(output)}]'
    if half:
        yield "found = found.view(bfloat16)  # it comes as float16"
    axis = inputs.channel_axes[0]
    moved = f"np.moveaxis(found, 1, {axis})" if output == "y" and axis != 1 else "found"
    yield f"print({moved}.tolist())"


def _operation(inputs: Inputs) -> Iterator[str]:
    kind = models.TYPES[str(inputs.x.dtype)]
    yield f"shapes = [{[-1] * inputs.x.ndim}, [-1], [-1], [-1], [-1]]"
    yield f"parameters = [opset5.parameter(shape, ov.Type.{kind}) for shape in shapes]"
    yield f"y = opset5.batch_norm_inference(*parameters, epsilon={float(inputs.eps)!r})"
    yield 'model = ov.Model([y], parameters, "batch_norm")'


def _operator(model: models.Model, inputs: Inputs) -> Iterator[str]:
    numbers = (float(inputs.eps), 1 - float(inputs.momentum))
    told = ", ".join(f"{n}={v!r}" for n, v in models.attributes(model, *numbers).items())
    yield 'names = "X scale B input_mean input_var".split()'
    yield f'outputs = "{" ".join(model.outputs)}".split()'
    yield f'node = helper.make_node("BatchNormalization", names, outputs, {told})'
    yield "kind = helper.np_dtype_to_tensor_dtype(given[0].dtype)"
    yield "def info(name):"
    yield f'    shape = [None] * ({inputs.x.ndim} if name in ("X", "y") else 1)'
    yield "    return helper.make_tensor_value_info(name, kind, shape)"
    yield "graph = helper.make_graph("
    yield '    [node], "batch_norm", [info(n) for n in names], [info(n) for n in outputs]'
    yield ")"
    yield f'imports = [helper.make_opsetid("", {model.opset})]'
    yield "model = helper.make_model(graph, opset_imports=imports, ir_version=8)"
    yield "model = core.read_model(io.BytesIO(model.SerializeToString()))"


def _array(inputs: Inputs, field: str) -> str:
    values: Array = getattr(inputs, field)
    if field == "x":
        values = layout.channels_first(values, inputs.channel_axes[0])
    dtype = "bfloat16" if str(values.dtype) == "bfloat16" else f"np.{values.dtype}"
    return in_numpy(values, dtype)
