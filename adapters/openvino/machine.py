"""What OpenVINO does with bfloat16 on this machine: tried once, in a process of its own.

Where the processor lacks the instructions some of its kernels end the process.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from conformance.adapter import Probe
from conformance.case import Inputs

_TRIAL = """
import ml_dtypes, numpy as np, openvino as ov
from openvino import opset5
shapes = ([-1, -1], [-1], [-1], [-1], [-1])
given = [opset5.parameter(shape, ov.Type.bf16) for shape in shapes]
model = ov.Model([opset5.batch_norm_inference(*given, epsilon=0.0)], given, "trial")
x, gamma, beta, mean, var = (np.full(1, v, ml_dtypes.bfloat16) for v in (100, 1, -57.75, 0, 3))
found = ov.Core().compile_model(model, "CPU")([x.reshape(1, 1), gamma, beta, mean, var])[0]
print(float(found.view(ml_dtypes.bfloat16)[0, 0]))
"""
"""``100 / sqrt(3) - 57.75``, which is -0.015; with a rounded ``1 / sqrt(3)`` it is positive."""

_SECONDS = 60


@cache
def _tried() -> tuple[int, str]:
    """The exit status of the trial, and what it printed."""
    command = [sys.executable, "-c", _TRIAL]
    ended = subprocess.run(  # noqa: S603 - the command is our own
        command, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    return ended.returncode, ended.stdout.strip()


def rounds_on_the_way() -> bool:
    """Whether what is computed on the way to y is rounded to bfloat16."""
    status, printed = _tried()
    return not status and float(printed) > 0


def _refusal() -> str | None:
    status, _ = _tried()
    return f"the process ends with status {status}" if status else None


def _has_bfloat16(inputs: Inputs) -> bool:
    return str(inputs.x.dtype) == "bfloat16"


BFLOAT16 = Probe(name="bfloat16", concerns=_has_bfloat16, ask=_refusal)
