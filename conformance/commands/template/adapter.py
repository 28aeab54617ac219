"""NAME: say here what it is, and on what device its paths run.

What to replace is marked with REPLACE: the arithmetic is numpy's, and gives right answers until
the calls of the framework stand in its place.  Shapes below are the framework's own, here
``(N, C, *spatial)``; arrays of any other layout are moved on the way in and back.
"""

from __future__ import annotations

import numpy as np

from conformance import layout
from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Dialect, Inputs

# --- arrays to the framework's own, and back ----------------------------------------------------


def given(values: Array) -> Array:
    """An array as the framework's own, a copy.

    REPLACE with the framework's constructor.  Half precision is widened here, since numpy would
    add in it; a framework that takes it is given it as it is.
    """
    wide = np.float32 if values.dtype.itemsize == np.dtype(np.float16).itemsize else values.dtype
    return np.array(values, dtype=wide)


def returned(values: Array, like: Array) -> Array:
    """What the framework returned, as an array of the type that `like` has.

    REPLACE with the way back to numpy.  A type that the framework chose is not to be hidden: leave
    the cast out if the framework keeps the types that it is given.
    """
    return np.asarray(values).astype(like.dtype)


# --- the path -----------------------------------------------------------------------------------


def plain(inputs: Inputs) -> Actual:
    """Run one call: x in, y and the gradients of ``sum(y * dy)`` out."""
    (axis,) = inputs.channel_axes
    x = given(layout.channels_first(inputs.x, axis))
    rest = tuple(a for a in range(x.ndim) if a != 1)
    with np.errstate(all="ignore"):  # NaN, infinity and 0/0 are answers, which the suite judges
        mean, var = statistics(inputs, x, rest)
        y, inv_std, xhat = forward(inputs, x, mean, var)
        found = {"y": y} | backward(inputs, xhat, inv_std, rest) | running(inputs, mean, var)
    params = np.empty(0, inputs.parameter_dtype)
    outputs = {
        name: returned(value, inputs.x if name in ("y", "dx") else params)
        for name, value in found.items()
    }
    for name in outputs.keys() & {"y", "dx"}:
        outputs[name] = layout.from_channels_first(outputs[name], axis)
    return outputs


def column(values: Array | None, x: Array, default: float) -> Array:
    """A value per channel in a shape that broadcasts against `x`."""
    whole = np.full(x.shape[1], default, x.dtype) if values is None else given(values)
    return whole.reshape(1, -1, *[1] * (x.ndim - 2)).astype(x.dtype)


def statistics(inputs: Inputs, x: Array, rest: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance to normalize by: REPLACE, with forward, by the framework's call."""
    if not inputs.training:
        return column(inputs.running_mean, x, 0.0), column(inputs.running_var, x, 1.0)
    count = x.dtype.type(inputs.count)
    mean = x.sum(axis=rest, keepdims=True) / count
    return mean, ((x - mean) ** 2).sum(axis=rest, keepdims=True) / count


def forward(inputs: Inputs, x: Array, mean: Array, var: Array) -> tuple[Array, Array, Array]:
    """Compute y, and what the backward pass needs.

    REPLACE: hand over gamma, beta, eps and training; an absent gamma or beta is None.
    """
    inv_std = 1 / np.sqrt(var + float(inputs.eps))
    xhat = (x - mean) * inv_std
    y = column(inputs.gamma, x, 1.0) * xhat + column(inputs.beta, x, 0.0)
    return y, inv_std, xhat


def backward(
    inputs: Inputs, xhat: Array, inv_std: Array, rest: tuple[int, ...]
) -> dict[str, Array]:
    """Compute the gradients of ``sum(y * dy)``: REPLACE with the framework's differentiation."""
    if inputs.dy is None:
        return {}
    (axis,) = inputs.channel_axes
    dy = given(layout.channels_first(inputs.dy, axis))
    dbeta, dgamma = dy.sum(axis=rest, keepdims=True), (dy * xhat).sum(axis=rest, keepdims=True)
    inner = dy
    if inputs.training:
        count = xhat.dtype.type(inputs.count)
        inner = dy - dbeta / count - xhat * (dgamma / count)
    found = {"dx": column(inputs.gamma, xhat, 1.0) * inv_std * inner}
    if inputs.gamma is not None:
        found["dgamma"] = dgamma.reshape(-1)
    if inputs.beta is not None:
        found["dbeta"] = dbeta.reshape(-1)
    return found


def running(inputs: Inputs, mean: Array, var: Array) -> dict[str, Array]:
    """The running statistics after the call: REPLACE with what the framework keeps.

    Inputs.momentum is the weight of the new value: a framework whose momentum weights the old one
    is given 1 - momentum, and the path declares Dialect(momentum="old").
    """
    if inputs.running_mean is None or inputs.running_var is None:
        return {}
    old = inputs.running_mean, inputs.running_var
    if not inputs.training or not inputs.count:
        return dict(zip(("running_mean", "running_var"), old, strict=True))
    m, M = float(inputs.momentum), mean.dtype.type(inputs.count)
    new = mean.reshape(-1), var.reshape(-1) * (M / (M - 1))
    names = ("running_mean", "running_var")
    return {
        name: (1 - m) * given(before) + m * after
        for name, before, after in zip(names, old, new, strict=True)
    }


# --- what the suite is told ---------------------------------------------------------------------


def device() -> str:
    """Where the paths run: REPLACE with what the framework says, such as ``"cuda: H100"``."""
    return "cpu"


ADAPTER = Adapter(
    name="NAME",
    packages=(
        "numpy",
    ),  # REPLACE: distributions whose versions make the column, the first names it
    device=device,
    paths=(
        Path(
            name="plain",
            about="REPLACE with what is called, in the framework's own terms",
            run=plain,
            # Conventions that differ from these are declared: see docs/adapters.md.
            dialect=Dialect(running_var="unbiased", momentum="new"),
            # What the framework cannot take is declared, and is then unsupported.
            capabilities=Capabilities(),
        ),
    ),
)
