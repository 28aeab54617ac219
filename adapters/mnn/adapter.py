"""MNN on the CPU: its layer, its expressions, and ONNX's operator as its converter writes it.

What is computed is float32: a variable of float64 is not read as what it is, and there is no half
type but as a precision of the device.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import formula, layer, models, reproduction


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _able(*, affine: bool = True, **able: Any) -> Capabilities:
    """What a path takes: float32, and gamma and beta always where it is a layer or a model."""
    return Capabilities(
        dtypes=frozenset({"float32"}),
        mixed=frozenset(),
        without_gamma=not affine,
        without_beta=not affine,
        **able,
    )


LOW = frozenset({2, 3, 4})
LAYER = Dialect(running_var="biased", momentum="old", saves="nothing", layout="channels_first")

ADAPTER = Adapter(
    name="mnn",
    packages=("MNN", "onnx"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        Path(
            name="layer",
            about="MNN.nn.batch_norm on NCHW, gradients by MNN.optim.Grad",
            run=layer.run,
            dialect=LAYER,
            defaults=layer.defaults,
            capabilities=_able(ranks=LOW),
        ),
        Path(
            name="layer_nhwc",
            about="MNN.nn.batch_norm on a variable of the format NHWC, gradients by MNN.optim.Grad",
            run=partial(layer.run, last=True),
            dialect=LAYER,
            defaults=layer.defaults,
            capabilities=_able(ranks=LOW),
        ),
        Path(
            name="formula",
            about="reduce_mean, square and rsqrt of MNN.expr, gradients by MNN.optim.Grad",
            run=formula.run,
            dialect=Dialect(running_var="none", saves="nothing"),
            capabilities=_able(affine=False, per_activation=True),
        ),
        Path(
            name="onnx_opset15",
            about="ONNX BatchNormalization of opset 15 with constant parameters, as MNN's "
            "converter writes it",
            run=models.run,
            defaults=models.defaults,
            dialect=Dialect(running_var="none", layout="channels_first"),
            capabilities=_able(training=False),
        ),
        Path(
            name="onnx_for_training",
            about="the same converted with --forTraining, made trainable by MNN.nn.load_module; "
            "its momentum is 0.99",
            run=layer.run_converted,
            defaults=models.defaults,
            dialect=Dialect(running_var="none", saves="nothing", layout="channels_first"),
            capabilities=_able(ranks=LOW, without_running=False),
        ),
    ),
)
