"""A framework that loses the variance in one pass and dies in test mode; for the tests."""

from __future__ import annotations

import os
import signal

from conformance.adapter import Adapter, Path
from conformance.case import Actual, Inputs
from conformance.literals import nested

LOSSY = True
"""A test sets this to False: the next version of the framework has mended it."""


def statistics(inputs: Inputs) -> Actual:
    """The mean, and the variance in one pass in the type of x."""
    if not inputs.training:
        os.kill(os.getpid(), signal.SIGSEGV)
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    mean = inputs.x.mean(axis=axes)
    lost = (inputs.x**2).mean(axis=axes) - mean**2
    return {"mean": mean, "var": lost if LOSSY else inputs.x.var(axis=axes)}


def reproduce(path: str, inputs: Inputs, output: str) -> str:
    """The same in numpy."""
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    told = {"mean": f"x.mean({axes})", "var": f"(x**2).mean({axes}) - x.mean({axes})**2"}
    shown = told.get(output, "None")
    x = f"np.array({nested(inputs.x)}, np.{inputs.x.dtype})"
    return f"import numpy as np\n\nx = {x}  # {path}\nprint(({shown}).tolist())\n"


ADAPTER = Adapter(
    name="lossy",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=(Path(name="one_pass", about="E[x^2] - mean^2, in numpy", run=statistics),),
    reproduce=reproduce,
)
