"""Models of one node, ONNX's BatchNormalization of opset 15, as MNN's converter writes them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import _tools  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
import numpy as np
import onnx
from MNN import expr, nn  # type: ignore[import-not-found, unused-ignore]  # absent when checked
from onnx import helper, numpy_helper

from conformance import layout
from conformance.case import Actual, Inputs

from .calling import array, variable

PARAMETERS = {
    "scale": "gamma",
    "B": "beta",
    "input_mean": "running_mean",
    "input_var": "running_var",
}
"""The operator's inputs after X, in its order, and what they are here."""


def run(inputs: Inputs) -> Actual:
    """Convert the operator and run it, the channel axis second."""
    (axis,) = inputs.channel_axes
    x = layout.channels_first(inputs.x, axis)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(converted(node(inputs), Path(folder)))
    (y,) = loaded.forward([variable(x, x.shape)])
    return {"y": layout.from_channels_first(array(y), axis)}


def defaults() -> dict[str, object]:
    """The eps of a model whose node tells none, as the converter writes it."""
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    inputs = Inputs(x=one.reshape(1, 1), gamma=one, beta=zero, running_mean=zero, running_var=zero)
    model = node(inputs)
    del model.graph.node[0].attribute[:]
    with tempfile.TemporaryDirectory() as folder:
        (y,) = load(converted(model, Path(folder))).forward([variable(inputs.x, (1, 1))])
    return {"eps": float(f"{array(y).item() ** -2:.6g}"), "takes_mask": False}


def load(file: Path) -> Any:
    """The module of a file that the converter wrote."""
    return nn.load_module_from_file(str(file), ["X"], ["Y"])


def for_training(inputs: Inputs) -> tuple[Any, Any]:
    """X and Y of the graph that is left where the converter is told to keep what trains."""
    with tempfile.TemporaryDirectory() as folder:
        file = converted(node(inputs), Path(folder), "--forTraining")
        graph = expr.load_as_dict(str(file))
    return graph["X"], graph["Y"]


def node(inputs: Inputs) -> onnx.ModelProto:
    """The model, whose parameters are constants and the channel axis the second."""
    (axis,) = inputs.channel_axes
    kind, shape = onnx.TensorProto.FLOAT, layout.channels_first(inputs.x, axis).shape
    made = helper.make_node(
        "BatchNormalization", ["X", *PARAMETERS], ["Y"], epsilon=float(inputs.eps)
    )
    x, y = (helper.make_tensor_value_info(name, kind, shape) for name in ("X", "Y"))
    constants = [
        numpy_helper.from_array(np.array(getattr(inputs, field), np.float32, order="C"), name)
        for name, field in PARAMETERS.items()
    ]
    graph = helper.make_graph([made], "batch_norm", [x], [y], constants)
    imports = [helper.make_opsetid("", 15)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def converted(model: onnx.ModelProto, folder: Path, *more: str) -> Path:
    """The file that the converter writes.

    `_tools` is what the command `mnnconvert` calls.  The command itself first installs a package,
    and asks a server for what it needs to send a log there.
    """
    source, target = folder / "model.onnx", folder / "model.mnn"
    onnx.save(model, str(source))
    files = ["--modelFile", str(source), "--MNNModel", str(target)]
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", *files, "--bizCode", "none", *more])
    return target
