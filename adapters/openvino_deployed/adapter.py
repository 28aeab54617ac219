"""OpenVINO on the CPU: a block as an ONNX graph, read by its front end and compiled.

The graph is that of ``onnxruntime_deployed``, made by hand.
"""

from __future__ import annotations

import io
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Any

import ml_dtypes
import openvino as ov  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from conformance.adapter import Adapter
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported

from ..onnxruntime_deployed import graphs
from ..onnxruntime_deployed.paths import device, path

HINT = {"INFERENCE_PRECISION_HINT": "f32"}

REFUSAL = "Input element types do not match"
"""The front end's words where statistics are wider than x, which ONNX's operator allows."""


def compiled(inputs: Inputs) -> Actual:
    """Run the graph of a call, compiled to compute in float32."""
    return _ran(_read(inputs), inputs)


def saved(inputs: Inputs) -> Actual:
    """Run what ``ov.save_model`` writes by default: weights of float32 are float16 there."""
    with TemporaryDirectory() as folder:
        file = FilePath(folder) / "block.xml"
        ov.save_model(_read(inputs), file)
        return _ran(ov.Core().read_model(file), inputs)


def _read(inputs: Inputs) -> Any:
    written = io.BytesIO(graphs.model(inputs).SerializeToString())
    try:
        return ov.Core().read_model(written)
    except RuntimeError as error:
        if REFUSAL in str(error):
            raise Unsupported(REFUSAL) from error  # what stands around it counts nodes
        raise


def _ran(model: Any, inputs: Inputs) -> Actual:
    """Compile a model and run it once; bfloat16 is handed over as float16, and is read anew."""
    found: Array = ov.Core().compile_model(model, "CPU", HINT)(graphs.feeds(inputs))[0]
    bits = inputs.x.dtype == ml_dtypes.bfloat16
    return {"y": found.view(ml_dtypes.bfloat16) if bits else found.copy()}


ADAPTER = Adapter(
    name="openvino_deployed",
    packages=("openvino", "onnx"),
    device=device,
    paths=(
        path("f32", 'compile_model(read_model(graph), "CPU") with the hint f32', compiled),
        path(
            "saved", "ov.save_model with its defaults, read and compiled with the hint f32", saved
        ),
    ),
)
