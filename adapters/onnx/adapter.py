"""ONNX: the operator BatchNormalization as the reference evaluator of the package onnx runs it.

It is the definition that runtimes are tested against, in numpy.  There is no gradient, and every
argument of the operator is required.  The channel axis is the second; arrays of any other layout
are moved on the way in and back.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from conformance import layout
from conformance.adapter import FLOATS, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.float_types import NARROW

from . import models, reproduction, stated
from .node import ARGUMENTS, Node


def run(inputs: Inputs, *, node: Node) -> Actual:
    """Run the operator of one version in the mode that is asked for."""
    (axis,) = inputs.channel_axes
    x = layout.channels_first(inputs.x, axis)
    given = {
        name: np.array(x if field == "x" else getattr(inputs, field), order="C")
        for name, field in ARGUMENTS.items()
    }
    # NaN, infinity and 0/0 are answers, judged by whoever asked; numpy warns of empty means.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        answer = models.evaluated(node, inputs, given)
    return answer | {"y": layout.from_channels_first(answer["y"], axis)}


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _path(name: str, about: str, **able: object) -> Path:
    return Path(
        name=name,
        about=f"{about}, onnx.reference.ReferenceEvaluator",
        run=partial(run, node=models.NODES[name]),
        defaults=partial(stated.of_operator, models.NODES[name], models.run),
        dialect=Dialect(running_var="biased", momentum="old", layout="channels_first"),
        capabilities=Capabilities(without_gamma=False, without_beta=False, **able),  # type: ignore[arg-type]
    )


ADAPTER = Adapter(
    name="onnx",
    packages=("onnx", "numpy"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path(
            "opset9",
            "BatchNormalization of opset 9, one output: test mode",
            training=False,
            mixed=frozenset(),
            dtypes=FLOATS - {"bfloat16"},
        ),
        _path(
            "opset15",
            "BatchNormalization of opset 15, training_mode=0",
            training=False,
            narrow=frozenset(NARROW),
        ),
        _path(
            "opset15_training",
            "BatchNormalization of opset 15, training_mode=1",
            test_mode=False,
            without_running=False,
            narrow=frozenset(NARROW),
        ),
    ),
)
