"""MXNet on the CPU: the operator with and without oneDNN, and Gluon's layer.

The operator takes any channel axis, so that nothing is moved.  What it calls the variance that it
returns is the inverse root.  The running statistics are updated in place, and by the backward pass
alone: a training call without a gradient has none after it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import mxnet as mx  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
from mxnet import autograd, gluon  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported

from . import calling, reproduction, stated
from .switch import ONEDNN


def operator(inputs: Inputs) -> Actual:
    """Run ``mx.nd.BatchNorm``; without a gamma it has its own ``fix_gamma``."""
    x, gamma = calling.given(inputs.x), calling.per_channel(inputs, "gamma", 1.0)
    beta = calling.per_channel(inputs, "beta", 0.0)
    mean = calling.per_channel(inputs, "running_mean", 0.0)
    var = calling.per_channel(inputs, "running_var", 1.0)
    leaves = {"x": x, "gamma": gamma, "beta": beta}
    for leaf in leaves.values():
        leaf.attach_grad()
    with autograd.record(train_mode=inputs.training):
        y, saved_mean, inv_std = mx.nd.BatchNorm(
            x,
            gamma,
            beta,
            mean,
            var,
            eps=float(inputs.eps),
            momentum=1 - float(inputs.momentum),
            fix_gamma=inputs.gamma is None,
            output_mean_var=True,
            axis=inputs.channel_axes[0],
        )
    if inputs.dy is not None:
        y.backward(calling.given(inputs.dy), train_mode=inputs.training)
    found = {"y": y, "inv_std": inv_std} | ({"mean": saved_mean} if inputs.training else {})
    running = {"running_mean": mean, "running_var": var}
    answer: Actual = calling.answer(inputs, found, running, leaves)
    return answer


def layer(inputs: Inputs) -> Actual:
    """Run ``mx.gluon.nn.BatchNorm``, hybridized."""
    made = gluon.nn.BatchNorm(
        axis=inputs.channel_axes[0],
        momentum=1 - float(inputs.momentum),
        epsilon=float(inputs.eps),
        center=inputs.beta is not None,
        scale=inputs.gamma is not None,
        in_channels=inputs.channel_shape[0],
    )
    made.cast(str(inputs.parameter_dtype))
    made.initialize()
    made.hybridize()
    for name, field, absent in (
        ("gamma", "gamma", 1.0),
        ("beta", "beta", 0.0),
        ("running_mean", "running_mean", 0.0),
        ("running_var", "running_var", 1.0),
    ):
        getattr(made, name).set_data(calling.per_channel(inputs, field, absent))
    x = calling.given(inputs.x)
    x.attach_grad()
    with autograd.record(train_mode=inputs.training):
        y = made(x)
    if inputs.dy is not None:
        y.backward(calling.given(inputs.dy), train_mode=inputs.training)
    leaves: dict[str, Any] = {"x": x, "gamma": made.gamma.data(), "beta": made.beta.data()}
    running = {name: getattr(made, name).data() for name in ("running_mean", "running_var")}
    answer: Actual = calling.answer(inputs, {"y": y}, running, leaves)
    return answer


EMPTY = "inferring shapes failed"
"""MXNet's own words for an axis of length 0: it is one of unknown length to it."""


def _refusing(run: Callable[[Inputs], Actual], inputs: Inputs) -> Actual:
    """Run a path; what MXNet says of an empty batch is a refusal, and nothing else is."""
    try:
        return run(inputs)
    except mx.MXNetError as error:
        if EMPTY in str(error) and not inputs.x.size:
            raise Unsupported("an axis of length 0 is one of unknown length") from error
        raise


# --- what the suite is told -----------------------------------------------------------------------


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _path(name: str, about: str, run: Any, onednn: str) -> Path:
    return Path(
        name=name,
        about=f"{about}, {ONEDNN}={onednn}",
        run=partial(_refusing, run),
        defaults=stated.of_layer if run is layer else stated.of_operator,
        dialect=Dialect(running_var="biased", momentum="old"),
        capabilities=Capabilities(
            dtypes=frozenset({"float64", "float32", "float16"}),
            pure=frozenset({"float64", "float32"}),  # float16 has float32 parameters always
            mixed=frozenset({"float16"}),
            without_running=False,
        ),
        switches={ONEDNN: onednn},
    )


ADAPTER = Adapter(
    name="mxnet",
    packages=("mxnet", "numpy"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path("operator", "mx.nd.BatchNorm", operator, "1"),
        _path("operator_no_onednn", "mx.nd.BatchNorm", operator, "0"),
        _path("gluon", "mx.gluon.nn.BatchNorm, hybridized", layer, "1"),
    ),
)
