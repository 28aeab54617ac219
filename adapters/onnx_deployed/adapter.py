"""ONNX's own evaluator of a block's graph, and two tools that fold graphs before a runtime has them.

What the tools write is run by ONNX Runtime with its optimizations off, which changes nothing itself.
"""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import onnxoptimizer  # type: ignore[import-not-found, unused-ignore]  # absent when checked
import onnxsim  # type: ignore[import-not-found, unused-ignore]  # the same
from onnx.reference import ReferenceEvaluator

from conformance.adapter import Adapter
from conformance.case import Actual, Inputs

from ..onnxruntime_deployed import graphs, sessions
from ..onnxruntime_deployed.adapter import device, path


def reference(inputs: Inputs) -> Actual:
    """Evaluate the graph of a call in numpy, node for node."""
    evaluator = ReferenceEvaluator(graphs.model(inputs))
    # NaN and infinity are answers, judged by whoever asked.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        (y,) = evaluator.run(None, graphs.feeds(inputs))
    return {"y": y}


def simplified(inputs: Inputs) -> Actual:
    """Run what ``onnxsim.simplify`` makes of the graph."""
    with sessions.refusals():
        model, _ = onnxsim.simplify(graphs.model(inputs))
    return _ran(model, inputs)


def fused(inputs: Inputs) -> Actual:
    """Run what onnxoptimizer's pass ``fuse_bn_into_conv`` makes of the graph."""
    model = onnxoptimizer.optimize(graphs.model(inputs), ["fuse_bn_into_conv"])
    return _ran(model, inputs)


def _ran(model: onnx.ModelProto, inputs: Inputs) -> Actual:
    return {"y": sessions.answer(model, graphs.feeds(inputs), "off")}


ADAPTER = Adapter(
    name="onnx_deployed",
    packages=("onnx", "onnxsim", "onnxoptimizer", "onnxruntime", "numpy"),
    device=device,
    paths=(
        path("reference", "a graph of opset 15, onnx.reference.ReferenceEvaluator", reference),
        path("onnxsim", "onnxsim.simplify(model), onnxruntime at ORT_DISABLE_ALL", simplified),
        path(
            "onnxoptimizer",
            'onnxoptimizer.optimize(model, ["fuse_bn_into_conv"]), onnxruntime at ORT_DISABLE_ALL',
            fused,
        ),
    ),
)
