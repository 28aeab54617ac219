"""ONNX's own evaluator of a block's graph, and two tools that fold graphs ahead of a runtime.

What the tools write is run by ONNX Runtime with its optimizations off, which folds nothing itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import onnx
import onnxoptimizer  # type: ignore[import-not-found, unused-ignore]  # absent when checked
import onnxsim  # type: ignore[import-not-found, unused-ignore]  # the same
from onnx.reference import ReferenceEvaluator

from conformance.adapter import Adapter
from conformance.case import Actual, Inputs

from ..onnxruntime_deployed import graphs, sessions
from ..onnxruntime_deployed.paths import device, path


def reference(inputs: Inputs) -> Actual:
    """Evaluate the graph of a call in numpy, node for node."""
    evaluator = ReferenceEvaluator(graphs.model(inputs))
    # NaN and infinity are answers, judged by whoever asked.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: Any = evaluator.run(None, graphs.feeds(inputs))
    return {"y": found[0]}


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """What ``onnxsim.simplify`` makes of a graph."""
    made: onnx.ModelProto = onnxsim.simplify(model)[0]
    return made


def fused(model: onnx.ModelProto) -> onnx.ModelProto:
    """What onnxoptimizer's pass ``fuse_bn_into_conv`` makes of a graph."""
    made: onnx.ModelProto = onnxoptimizer.optimize(model, ["fuse_bn_into_conv"])
    return made


def folded(inputs: Inputs, *, tool: Callable[[onnx.ModelProto], onnx.ModelProto]) -> Actual:
    """Run what a tool makes of the graph of a call."""
    model = tool(graphs.model(inputs))
    return {"y": sessions.answer(model, graphs.feeds(inputs), "off")}


ADAPTER = Adapter(
    name="onnx_deployed",
    packages=("onnx", "onnxsim", "onnxoptimizer", "onnxruntime", "numpy"),
    device=device,
    paths=(
        path("reference", "a graph of opset 15, onnx.reference.ReferenceEvaluator", reference),
        path(
            "onnxsim",
            "onnxsim.simplify(model), onnxruntime at ORT_DISABLE_ALL",
            partial(folded, tool=simplified),
        ),
        path(
            "onnxoptimizer",
            'onnxoptimizer.optimize(model, ["fuse_bn_into_conv"]), onnxruntime at ORT_DISABLE_ALL',
            partial(folded, tool=fused),
        ),
    ),
)
