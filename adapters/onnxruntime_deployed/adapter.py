"""ONNX Runtime on the CPU: a block as an ONNX graph, as it is and after the runtime's fusions.

The graph is made by hand, so that what is found is the runtime's own and no exporter's.
"""

from __future__ import annotations

from functools import partial

from conformance.adapter import Adapter
from conformance.case import Actual, Inputs

from . import graphs, sessions
from .paths import device, path


def optimized(inputs: Inputs, *, level: str) -> Actual:
    """Run the graph of a call at a level of optimization."""
    return {"y": sessions.answer(graphs.model(inputs), graphs.feeds(inputs), level)}


def saved(inputs: Inputs) -> Actual:
    """Run what the runtime has written, with its optimizations off."""
    written = sessions.written(graphs.model(inputs), "all")
    return {"y": sessions.answer(written, graphs.feeds(inputs), "off")}


ADAPTER = Adapter(
    name="onnxruntime_deployed",
    packages=("onnxruntime", "onnx"),
    device=device,
    paths=(
        *(
            path(
                name,
                f"a graph of opset 15 in an InferenceSession, GraphOptimizationLevel.{level}",
                partial(optimized, level=name),
            )
            for name, level in sessions.LEVELS.items()
        ),
        path(
            "saved",
            "the model that optimized_model_filepath got at ORT_ENABLE_ALL, run at ORT_DISABLE_ALL",
            saved,
        ),
    ),
)
