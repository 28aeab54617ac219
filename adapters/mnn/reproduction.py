"""A call of a path as a program in the terms of MNN, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from .layer import PARAMETERS, STATE
from .models import PARAMETERS as CONSTANTS

_BEGIN = """\
import ctypes, os
shown = os.dup(1)
os.dup2(2, 1)  # what MNN prints by itself goes to standard error
import numpy as np
from MNN import expr, nn, optim

expr.lazy_eval(True)
def variable(values, order=expr.NCHW):
    found = expr.const(values, list(values.shape), order)
    found.fix_as_trainable()
    return found
"""
_END = "ctypes.CDLL(None).fflush(None)", "os.dup2(shown, 1)"
_CONVERTED = """\
kind = onnx.TensorProto.FLOAT
ends = [helper.make_tensor_value_info(name, kind, x.shape) for name in "XY"]
constants = [numpy_helper.from_array(v, name) for name, v in parameters.items()]
graph = helper.make_graph([node], "batch_norm", ends[:1], ends[1:], constants)
imports = [helper.make_opsetid("", 15)]
folder = tempfile.mkdtemp()
onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), folder + "/a.onnx")
names = ["--modelFile", folder + "/a.onnx", "--MNNModel", folder + "/a.mnn"]
"""
_PLACE = {"layer_nhwc": -1}
"""The axis of the channels where it is not the second."""

_ORDER = {"layer_nhwc": ", expr.NHWC"}
_MOVED = {"layer_nhwc": layout.channels_last}
_LEAVES = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    written = {"formula": _formula, "onnx_opset15": _model, "onnx_for_training": _trainable}
    lines = [*_BEGIN.splitlines(), *written.get(path, _layer)(path, inputs)]
    if output in _LEAVES:
        lines.append(f"_, ({output},) = optim.Grad().grad([y], [dy], [{_LEAVES[output]}])")
    if output in STATE:
        lines.append(f"{output} = layer.parameters[{PARAMETERS.index(output)}]")
    lines += [f"found = {output}.read()", *_END]
    if path != "formula" and output in ("y", "dx"):
        shown = f"np.moveaxis(found, {_PLACE.get(path, 1)}, {inputs.channel_axes[0]})"
    else:
        shown = f"found.reshape({inputs.shape_of(output)})"
    return "\n".join([*lines, f"print({shown}.tolist())"]) + "\n"


def _layer(path: str, inputs: Inputs) -> Iterator[str]:
    channels, rank = inputs.channel_shape[0], inputs.x.ndim
    yield from _images(path, inputs)
    yield f"layer = nn.batch_norm({channels}, {rank}, {1 - float(inputs.momentum)!r},"
    yield f"    {float(inputs.eps)!r})"
    yield "layer.load_parameters(["
    for place, name in enumerate(PARAMETERS):
        values = getattr(inputs, name)
        shape = (1, channels, *[1] * (rank - 2))
        given = f"layer.parameters[{place}]" if values is None else _variable(values.reshape(shape))
        yield f"    {given},"
    yield "])"
    yield from _called(inputs)


def _formula(_: str, inputs: Inputs) -> Iterator[str]:
    kept = inputs.channel_axes
    rest = [a for a in range(inputs.x.ndim) if a not in kept]
    shape = tuple(n if a in kept else 1 for a, n in enumerate(inputs.x.shape))
    for name, values in inputs.given().items():
        yield f"{name} = {_variable(values if name in ('x', 'dy') else values.reshape(shape))}"
    if inputs.training:
        yield f"centered = x - expr.reduce_mean(x, {rest}, True)"
        yield f"var = expr.reduce_mean(expr.square(centered), {rest}, True)"
    else:
        yield "centered, var = x - running_mean, running_var"
    yield f"y = centered * expr.rsqrt(var + {float(inputs.eps)!r})"
    yield from () if inputs.gamma is None else ("y = y * gamma",)
    yield from () if inputs.beta is None else ("y = y + beta",)


def _model(path: str, inputs: Inputs) -> Iterator[str]:
    yield from _converted(path, inputs, "")
    yield 'layer = nn.load_module_from_file(folder + "/a.mnn", ["X"], ["Y"])'
    yield "(y,) = layer.forward([x])"


def _trainable(path: str, inputs: Inputs) -> Iterator[str]:
    yield from _converted(path, inputs, ', "--forTraining"')
    yield 'graph = expr.load_as_dict(folder + "/a.mnn")'
    yield 'layer = nn.load_module([graph["X"]], [graph["Y"]], True)'
    yield from _called(inputs)


def _converted(path: str, inputs: Inputs, more: str) -> Iterator[str]:
    yield "import tempfile, _tools, onnx"
    yield from ("from onnx import helper, numpy_helper", *_images(path, inputs))
    yield "parameters = {"
    for name, field in CONSTANTS.items():
        yield f'    "{name}": {in_numpy(getattr(inputs, field), "np.float32")},'
    yield "}"
    yield 'node = helper.make_node("BatchNormalization", ["X", *parameters], ["Y"],'
    yield f"    epsilon={float(inputs.eps)!r})"
    yield from _CONVERTED.splitlines()
    yield f'_tools.mnnconvert(["mnnconvert", "-f", "ONNX", *names, "--bizCode", "none"{more}])'


def _called(inputs: Inputs) -> Iterator[str]:
    yield f"layer.train({inputs.training})"
    yield "y = layer.forward(x)"
    yield "gamma, beta = layer.parameters[:2]"


def _images(path: str, inputs: Inputs) -> Iterator[str]:
    for name in ("x", "dy"):
        values = getattr(inputs, name)
        if values is not None:
            moved = _MOVED.get(path, layout.channels_first)(values, inputs.channel_axes[0])
            yield f"{name} = {_variable(moved, _ORDER.get(path, ''))}"


def _variable(values: Array, order: str = "") -> str:
    return f"variable({in_numpy(values, 'np.float32')}{order})"
