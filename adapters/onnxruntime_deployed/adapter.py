"""ONNX Runtime on the CPU: a block as an ONNX graph, as it is and after the runtime's fusions.

The graph is made by hand, so that what is found is the runtime's own and no exporter's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import graphs, sessions

ALL = frozenset(
    {
        "norm",
        "linear",
        "conv",
        "conv_transpose",
        "norm before linear",
        "norm before conv",
        "norm before conv_transpose",
    }
)
"""Every kind of block."""

TURNED = "channels last between two Transpose"


def optimized(inputs: Inputs, *, level: str) -> Actual:
    """Run the graph of a call at a level of optimization."""
    return {"y": sessions.answer(graphs.model(inputs), graphs.feeds(inputs), level)}


def saved(inputs: Inputs) -> Actual:
    """Run what the runtime has written, with its optimizations off."""
    written = sessions.written(graphs.model(inputs), "all")
    return {"y": sessions.answer(written, graphs.feeds(inputs), "off")}


def path(name: str, about: str, run: Callable[[Inputs], Actual]) -> Path:
    """A path that takes every block; other adapters of the same graphs have theirs from here."""
    return Path(
        name=name,
        about=f"{about}; {TURNED}",
        run=run,
        dialect=Dialect(layout="channels_first"),
        capabilities=Capabilities(
            training=False, without_gamma=False, without_beta=False, blocks=ALL
        ),
    )


def device() -> str:
    """Where the paths run."""
    return "cpu"


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
