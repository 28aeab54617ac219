"""A framework each path of which has two faults, or one that needs care to show; for the tests."""

from __future__ import annotations

import os
import signal

import numpy as np

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported


def _moments(inputs: Inputs) -> tuple[tuple[int, ...], Array, Array]:
    """The axes that are reduced, the mean and the variance, in float32 at least."""
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    x = inputs.x.astype(np.promote_types(inputs.x.dtype, np.float32))
    mean = x.mean(axes, keepdims=True)
    return axes, mean, np.square(x - mean).mean(axes, keepdims=True)


def momentum(inputs: Inputs) -> Actual:
    """Keep momentum in float32, and leave the running mean alone where a channel has one value."""
    _, mean, _ = _moments(inputs)
    if inputs.running_mean is None:
        raise Unsupported("keeps statistics")
    if not inputs.training or inputs.count == 1:
        return {"running_mean": inputs.running_mean.copy()}
    old = float(np.float32(1 - inputs.momentum))
    kept = old * inputs.running_mean + (1 - old) * mean.reshape(inputs.channel_shape)
    return {"running_mean": kept.astype(inputs.running_mean.dtype)}


def halved(inputs: Inputs) -> Actual:
    """The gradient by x of statistics that are rounded to float16; weight and bias, or neither."""
    if (inputs.gamma is None) != (inputs.beta is None):
        raise Unsupported("has weight and bias, or neither")
    if inputs.dy is None or not inputs.training:
        raise Unsupported("gives dx alone")
    axes, mean, var = _moments(inputs)
    scale = (1 / np.sqrt(var + inputs.eps)).astype(np.float16).astype(np.float64)
    x_hat = (inputs.x.astype(np.float64) - mean.astype(np.float16)) * scale
    shape = [n if a in inputs.channel_axes else 1 for a, n in enumerate(inputs.x.shape)]
    gamma = 1.0 if inputs.gamma is None else inputs.gamma.astype(np.float64).reshape(shape)
    slope = inputs.dy.astype(np.float64) * gamma
    both = slope.mean(axes, keepdims=True), (slope * x_hat).mean(axes, keepdims=True)
    return {"dx": ((slope - both[0] - x_hat * both[1]) * scale).astype(inputs.x.dtype)}


def squares(inputs: Inputs) -> Actual:
    """The variance by squares in the type of x, which may overflow; dies of an empty batch."""
    if not inputs.x.size:
        os.kill(os.getpid(), signal.SIGSEGV)
    if not inputs.training:
        raise Unsupported("trains alone")
    with np.errstate(over="ignore"):
        return {"var": _moments(inputs)[2].reshape(inputs.channel_shape)}


def pairs(inputs: Inputs) -> Actual:
    """The mean, which is 0 in every channel but for a call of one channel."""
    _, mean, _ = _moments(inputs)
    return {"mean": mean.reshape(inputs.channel_shape) * (mean.size == 1)}


def mixed(inputs: Inputs) -> Actual:
    """Normalized x, 5 % too large, and 30 % where there are no wider parameters."""
    if not inputs.training:
        raise Unsupported("trains alone")
    _, mean, var = _moments(inputs)
    part = 1.05 if inputs.parameter_dtype != inputs.x.dtype else 1.3
    return {"y": ((inputs.x - mean) / np.sqrt(var + inputs.eps) * part).astype(inputs.x.dtype)}


def growing(inputs: Inputs) -> Actual:
    """A variance that is off by 1e-4, and by a half for fewer than four values."""
    var = _moments(inputs)[2].reshape(inputs.channel_shape)
    return {"var": var * (1 + (1e-4 if inputs.count >= 4 else 0.5))}


def fading(inputs: Inputs) -> Actual:
    """A variance that is off by a half of six values, and by less and less of fewer."""
    var = _moments(inputs)[2].reshape(inputs.channel_shape)
    return {"var": var * (1 + 0.5 * (inputs.count / 6) ** 8)}


def backward(inputs: Inputs) -> Actual:
    """The values of x, and an exception where a gradient is asked for."""
    if inputs.dy is not None:
        raise ZeroDivisionError("division by zero")
    return {"y": inputs.x.copy()}


def typed(inputs: Inputs) -> Actual:
    """The mean, in float16 always."""
    return {"mean": inputs.x.mean(_moments(inputs)[0], dtype=np.float64).astype(np.float16)}


PATHS = {
    "momentum": momentum,
    "halved": halved,
    "squares": squares,
    "pairs": pairs,
    "mixed": mixed,
    "growing": growing,
    "fading": fading,
    "backward": backward,
    "typed": typed,
}
ADAPTER = Adapter(
    name="twofold",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=tuple(
        Path(name=name, about=f"numpy, {name}", run=run, capabilities=Capabilities())
        for name, run in PATHS.items()
    ),
    reproduce=lambda path, _, output: f"print({path!r}, {output!r})\n",
)
