"""tract, a runtime in Rust: ONNX's BatchNormalization for inference, on the CPU.

There is no training mode and no gradient; the parameters are constants of the model.  The channel
axis is the second; arrays of any other layout are moved on the way in and back.
"""

from __future__ import annotations

import numpy as np

from conformance import layout
from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import models, reproduction


def run(inputs: Inputs) -> Actual:
    """Run the operator over copies, with the channel axis second."""
    (axis,) = inputs.channel_axes
    parameters = {
        name: np.array(getattr(inputs, field), order="C")
        for name, field in models.PARAMETERS.items()
    }
    x = np.array(layout.channels_first(inputs.x, axis), order="C")
    y = models.run(x, parameters, float(inputs.eps))
    return {"y": layout.from_channels_first(y, axis)}


def device() -> str:
    """Where the paths run."""
    return "cpu"


ADAPTER = Adapter(
    name="tract",
    packages=("tract", "onnx"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        Path(
            name="onnx_opset15",
            about="ONNX BatchNormalization of opset 15 with constant parameters, read and run by "
            "tract.onnx()",
            run=run,
            defaults=models.defaults,
            dialect=Dialect(running_var="none", layout="channels_first"),
            capabilities=Capabilities(
                dtypes=frozenset({"float64", "float32", "float16"}),
                mixed=frozenset(),  # the reader wants the parameters in the type of X
                training=False,
                without_gamma=False,
                without_beta=False,
            ),
        ),
    ),
)
