"""OpenVINO on the CPU: its own operation, and ONNX's operator as its front end converts it.

OpenVINO has no operation that trains: where a model asks for the training mode of ONNX's operator
the front end writes the formula as a graph.  There is no gradient, and every argument is
required.  The channel axis is the second; arrays of other layouts are moved on the way in and back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np

from conformance import layout
from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Dialect, Inputs

from ..onnx import stated
from ..onnx.node import Node
from . import machine, models, reproduction


def run(inputs: Inputs, *, model: models.Model) -> Actual:
    """Run a compiled model over copies, with the channel axis second."""
    (axis,) = inputs.channel_axes
    images = {"x": layout.channels_first(inputs.x, axis)}
    given = [np.array(images.get(n, getattr(inputs, n)), order="C") for n in models.ARGUMENTS]
    found = dict(zip(model.outputs, model.run(inputs, given), strict=True))
    if inputs.x.dtype == ml_dtypes.bfloat16:
        found = {name: _bits(values) for name, values in found.items()}
    return found | {"y": layout.from_channels_first(found["y"], axis)}


def _bits(values: Array) -> Array:
    """What OpenVINO hands over as float16 where it is bfloat16, which numpy does not know."""
    return values.view(ml_dtypes.bfloat16)


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _defaults(model: models.Model) -> Callable[[], dict[str, object]]:
    if model.opset is None:
        return models.defaults_of_operation
    return partial(
        stated.of_operator, Node(opset=model.opset, outputs=model.outputs), models.run_told
    )


def _path(name: str, about: str, **able: Any) -> Path:
    return Path(
        name=name,
        about=about,
        run=partial(run, model=models.MODELS[name]),
        defaults=_defaults(models.MODELS[name]),
        probes=(machine.BFLOAT16,),
        dialect=Dialect(running_var="biased", momentum="old", layout="channels_first"),
        capabilities=Capabilities(
            mixed=frozenset(),  # the operation and the front end want all arguments of one type
            without_gamma=False,
            without_beta=False,
            **able,
        ),
    )


TRAINING = {"test_mode": False, "without_running": False}

ADAPTER = Adapter(
    name="openvino",
    packages=("openvino", "onnx"),
    device=device,
    reproduce=reproduction.program,
    traits={"bfloat16-rounded-on-the-way": machine.rounds_on_the_way},
    paths=(
        _path(
            "batch_norm_inference",
            "openvino.opset5.batch_norm_inference, compiled for CPU",
            training=False,
        ),
        _path(
            "onnx_opset15",
            "ONNX BatchNormalization of opset 15, training_mode=0, read by openvino.Core",
            training=False,
        ),
        _path(
            "onnx_opset15_training",
            "ONNX BatchNormalization of opset 15, training_mode=1, read by openvino.Core",
            **TRAINING,
        ),
        _path(
            "onnx_opset9_training",
            "ONNX BatchNormalization of opset 9, five outputs, read by openvino.Core",
            **TRAINING,
        ),
    ),
)
