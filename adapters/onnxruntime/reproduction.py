"""A call of a path as a program in the terms of ONNX and its runtime, for the issue tracker."""

from __future__ import annotations

from conformance.case import Inputs

from ..onnx import reproduction
from . import models

_RUN = (
    "session = onnxruntime.InferenceSession(",
    '    model.SerializeToString(), providers=["CPUExecutionProvider"]',
    ")",
    "found = dict(zip(outputs, session.run(None, given)))",
)


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    head = ["import onnxruntime", "from onnx import helper"]
    lines = reproduction.lines(models.NODES[path], inputs, output, head, _RUN)
    return "\n".join(lines) + "\n"
