"""ONNX Runtime: the operator BatchNormalization, alone in a model, on the CPU.

There is no gradient, and every argument of the operator is required.  The channel axis is the
second; arrays of any other layout are moved on the way in and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from conformance import layout
from conformance.adapter import FLOATS, Adapter, Capabilities, Path
from conformance.case import Actual, Array, Dialect, Inputs
from conformance.errors import Unsupported
from conformance.float_types import NARROW

from ..onnx import stated
from ..onnx.node import ARGUMENTS, Node
from . import models, reproduction

REFUSALS = ("Could not find an implementation for", "Failed to find kernel for")
"""ONNX Runtime's own words where it has no kernel for the types of a call."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusals that are known into `Unsupported`; every other error is a finding."""
    try:
        yield
    except Exception as error:
        if any(words in str(error) for words in REFUSALS):
            raise Unsupported("the CPU provider has no kernel for these types") from error
        raise


def run(inputs: Inputs, *, node: Node) -> Actual:
    """Run the operator over copies, with the channel axis second."""
    (axis,) = inputs.channel_axes
    found = _run(inputs, node, layout.channels_first(inputs.x, axis))
    return found | {"y": layout.from_channels_first(found["y"], axis)}


def run_per_activation(inputs: Inputs, *, node: Node) -> Actual:
    """Run the operator where every position after the first axis has statistics of its own.

    Raises:
        Unsupported: one channel axis of a batch of rank 3 or more: that is the spatial mode.
    """
    if inputs.channel_axes != tuple(range(1, inputs.x.ndim)):
        raise Unsupported("statistics of every position, not of a channel")
    return _run(inputs, node, inputs.x)


def _run(inputs: Inputs, node: Node, x: Array) -> dict[str, Array]:
    given = {
        name: np.array(x if field == "x" else getattr(inputs, field), order="C")
        for name, field in ARGUMENTS.items()
    }
    with refusals():
        return models.run(node, inputs, given)


# --- what the suite is told -----------------------------------------------------------------------


def device() -> str:
    """Where the paths run."""
    return "cpu"


SINGLE_AND_DOUBLE = frozenset({"float32", "float64"})
OPSET_9 = FLOATS - {"bfloat16"}


def _path(name: str, about: str, **able: Any) -> Path:
    per_activation = bool(able.get("per_activation"))
    return Path(
        name=name,
        about=f"BatchNormalization of {about}, CPUExecutionProvider",
        run=partial(run_per_activation if per_activation else run, node=models.NODES[name]),
        defaults=partial(stated.of_operator, models.NODES[name], models.run_told),
        dialect=Dialect(running_var="biased", momentum="old", layout="channels_first"),
        capabilities=Capabilities(without_gamma=False, without_beta=False, **able),
    )


PATHS = (
    _path(
        "opset7_per_activation",
        "opset 7, spatial=0",
        training=False,
        dtypes=SINGLE_AND_DOUBLE,
        per_activation=True,
    ),
    _path(
        "opset9",
        "opset 9, one output: test mode",
        training=False,
        dtypes=OPSET_9,
        mixed=frozenset(),
    ),
    _path(
        "opset9_training",
        "opset 9, five outputs: training, the last of them the inverse root",
        test_mode=False,
        without_running=False,
        dtypes=OPSET_9,
        mixed=frozenset(),
    ),
    _path("opset15", "opset 15, training_mode=0", training=False, narrow=frozenset(NARROW)),
    _path(
        "opset15_training",
        "opset 15, training_mode=1",
        test_mode=False,
        without_running=False,
        narrow=frozenset(NARROW),
    ),
)

ADAPTER = Adapter(
    name="onnxruntime",
    packages=("onnxruntime", "onnx"),
    device=device,
    reproduce=reproduction.program,
    paths=PATHS,
)
