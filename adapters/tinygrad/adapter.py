"""tinygrad on its default device, on a CPU compiled by the clang of the package ziglang."""

from __future__ import annotations

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported

from . import reproduction, stated
from .calling import arrays, gradients, tensors

from tinygrad import Context, Device, nn  # type: ignore[import-not-found, unused-ignore]  # isort: skip - calling sets its compiler first

STATE = {
    "gamma": "weight",
    "beta": "bias",
    "running_mean": "running_mean",
    "running_var": "running_var",
}
"""Names here to those in the layer."""


def layer(inputs: Inputs) -> Actual:
    """Run `tinygrad.nn.BatchNorm` in training or not, and `Tensor.gradient`."""
    if (inputs.gamma is None) != (inputs.beta is None):
        raise Unsupported("the layer has weight and bias, or neither")
    given = tensors(inputs)
    kept = {"running_mean", "running_var"} & given.keys()
    found = nn.BatchNorm(
        given["x"].shape[1],
        eps=inputs.eps,
        momentum=inputs.momentum,
        affine="gamma" in given,
        track_running_stats=bool(kept),
    )
    for name, own in STATE.items():
        if name in given:
            setattr(found, own, given[name])
    with Context(TRAINING=int(inputs.training)):
        y = found(given["x"])
    running = {name: getattr(found, name) for name in sorted(kept)}
    return arrays(inputs, {"y": y, **gradients(y, given), **running})


SAMPLE = tuple(
    f"{group}/*"
    for group in (
        "affine",
        "constant",
        "count",
        "decimal",
        "empty",
        "extremes",
        "half",
        "memory",
        "offset",
        "spatial",
    )
)
"""Groups of cases that the path runs."""

ADAPTER = Adapter(
    name="tinygrad",
    packages=("tinygrad", "ziglang"),
    device=lambda: str(Device.DEFAULT).lower(),
    reproduce=reproduction.program,
    paths=(
        Path(
            name="layer",
            about="tinygrad.nn.BatchNorm, gradients by Tensor.gradient, compiled for each call",
            run=layer,
            defaults=stated.defaults,
            dialect=Dialect(saves="nothing", layout="channels_first"),
            capabilities=Capabilities(mixed=frozenset()),  # y comes in float32
            sample=SAMPLE,
            sample_reason="1 to 2 s of a C compiler per case",
        ),
    ),
)
