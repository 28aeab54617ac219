"""Models of one node: BatchNormalization of opset 15 with constant parameters."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tract  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
from onnx import helper, numpy_helper

from conformance.case import Array

PARAMETERS = {
    "scale": "gamma",
    "B": "beta",
    "input_mean": "running_mean",
    "input_var": "running_var",
}
"""The operator's inputs after X, in its order, and what they are here."""


def defaults() -> dict[str, object]:
    """The eps of a node that tells none, as a running variance of 0 shows it."""
    one, zero = np.ones(1), np.zeros(1)
    y = run(np.ones((1, 1)), dict(zip(PARAMETERS, (one, zero, zero, zero), strict=True)))
    return {"eps": float(f"{y.item() ** -2:.6g}"), "takes_mask": False}


def run(x: Array, parameters: dict[str, Array], eps: float | None = None) -> Array:
    """Run a model of the node, which tract reads from a file; it may tell no eps."""
    told: dict[str, Any] = {} if eps is None else {"epsilon": eps}
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    node = helper.make_node("BatchNormalization", ["X", *parameters], ["Y"], **told)
    constants = [numpy_helper.from_array(values, name) for name, values in parameters.items()]
    given = helper.make_tensor_value_info("X", kind, x.shape)
    returned = helper.make_tensor_value_info("Y", kind, x.shape)
    graph = helper.make_graph([node], "batch_norm", [given], [returned], constants)
    imports = [helper.make_opsetid("", 15)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        onnx.save(model, str(file))
        runnable = tract.onnx().load(str(file)).into_model().into_runnable()
    (y,) = runnable.run([x])
    found: Array = y.to_numpy()
    return found
