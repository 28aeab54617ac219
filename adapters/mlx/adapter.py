"""MLX on its default device: the layer, and the formula for what the layer does not take."""

from __future__ import annotations

import mlx.core as mx  # type: ignore[import-not-found, unused-ignore]  # checked without MLX too

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import formula, layer, reproduction, stated


def device() -> str:
    """Where the paths run."""
    return "cpu" if mx.default_device() == mx.Device(mx.cpu) else "gpu"


ADAPTER = Adapter(
    name="mlx",
    packages=("mlx", "mlx-cpu"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        Path(
            name="layer",
            about="mlx.nn.BatchNorm on channels moved to the last axis, gradients by mx.vjp",
            run=layer.run,
            defaults=stated.defaults,
            dialect=Dialect(saves="nothing", layout="channels_last"),
            capabilities=Capabilities(
                mixed=frozenset(),  # y comes in float32, and nn.BatchNorm has no way to ask
                ranks=frozenset({2, 3, 4}),
            ),
        ),
        Path(
            name="formula",
            about="mx.mean with mx.var and mx.rsqrt, gradients by mx.vjp; half precision computed "
            "in float32",
            run=formula.run,
            dialect=Dialect(running_var="none", saves="nothing"),
            capabilities=Capabilities(per_activation=True),
        ),
    ),
)
