"""Batch normalization in Numba on the CPU: a reference kernel that this project owns.

It is what a careful user writes with ``@njit``: loops over one channel at a time, all of it in
float64, results rounded once.  Numba compiles no half precision for the CPU.
"""

from __future__ import annotations

import numpy as np

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Inputs

from . import kernels


def njit(inputs: Inputs) -> Actual:
    """Run the kernels, forward and, if there is a gradient, backward."""
    x = _entered(inputs, inputs.x)
    given = _per_channel(inputs)
    with np.errstate(all="ignore"):  # NaN and infinity are answers, which the suite judges
        mean, var = _statistics(inputs, x, given)
        inv_std = 1 / np.sqrt(var + inputs.eps)
        y = kernels.forward(x, mean, inv_std, given["gamma"], given["beta"])
        found = {"y": y, "inv_std": inv_std}
        if inputs.training:
            found |= {"mean": mean, "var": var}
        if inputs.dy is not None:
            found |= _backward(inputs, x, (mean, inv_std), given["gamma"])
        found |= _running(inputs, mean, var, given)
        return _answer(inputs, found)


def _statistics(inputs: Inputs, x: Array, given: dict[str, Array]) -> tuple[Array, Array]:
    if not inputs.training:
        return given["running_mean"], given["running_var"]
    mean, var = kernels.statistics(x)
    return mean, var


def _backward(inputs: Inputs, x: Array, saved: tuple[Array, Array], gamma: Array) -> Actual:
    dy = _entered(inputs, np.asarray(inputs.dy))
    sums = kernels.parameter_gradients(x, dy, *saved)
    scale = gamma * saved[1]
    if inputs.training:
        means = np.stack(sums) / np.float64(inputs.count)
        dx = kernels.backward(x, dy, np.stack(saved), scale, means)
    else:
        dx = kernels.backward_of_test_mode(dy, scale)
    return {"dx": dx, "dgamma": sums[0], "dbeta": sums[1]}


def _running(inputs: Inputs, mean: Array, var: Array, given: dict[str, Array]) -> dict[str, Array]:
    """The running statistics after the call; test mode and an empty batch leave them alone."""
    names = ("running_mean", "running_var")
    if not inputs.training or not inputs.count:
        return {name: given[name] for name in names}
    m, M = inputs.momentum, np.float64(inputs.count)
    new = (mean, var * (M / (M - 1)))  # of a single value there is no such variance: NaN
    return {name: (1 - m) * given[name] + m * after for name, after in zip(names, new, strict=True)}


# --- the suite's arrays to the kernels' own, and back ---------------------------------------------


def _order(inputs: Inputs) -> list[int]:
    """The axes as the kernels want them: the first of the batch, channels, and the rest."""
    first, *rest = (a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    return [first, *inputs.channel_axes, *rest]


def _entered(inputs: Inputs, values: Array) -> Array:
    """An image as ``(N, C, S)``, next to each other in memory; a copy where it is not yet."""
    seen = np.ascontiguousarray(values.transpose(_order(inputs)))
    rest = seen.shape[1 + len(inputs.channel_axes) :]
    shape = (seen.shape[0], int(np.prod(inputs.channel_shape)), int(np.prod(rest)))
    return seen.reshape(shape)


def _left(inputs: Inputs, values: Array) -> Array:
    """Undo `_entered`."""
    order = _order(inputs)
    shape = [inputs.x.shape[a] for a in order]
    return values.reshape(shape).transpose(np.argsort(order))


def _per_channel(inputs: Inputs) -> dict[str, Array]:
    """What is given per channel, in float64; what is absent is its neutral value."""
    neutral = {"gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 1.0}
    size = int(np.prod(inputs.channel_shape))
    found = {}
    for name, value in neutral.items():
        given: Array | None = getattr(inputs, name)
        found[name] = np.full(size, value if given is None else given.reshape(-1), np.float64)
    return found


def _answer(inputs: Inputs, found: dict[str, Array]) -> Actual:
    """The outputs that the layer has, in the layout of `inputs` and of the types that are due."""
    owners = {"dgamma": "gamma", "dbeta": "beta"} | {n: n for n in ("running_mean", "running_var")}
    answer = {}
    for name, values in found.items():
        if name in ("y", "dx"):
            answer[name] = _left(inputs, values)
        elif name not in owners or getattr(inputs, owners[name]) is not None:
            shaped = values.reshape(inputs.channel_shape)
            answer[name] = shaped.astype(inputs.parameter_dtype) if name in owners else shaped
    return answer


# --- what the suite is told -----------------------------------------------------------------------


def device() -> str:
    """Where the path runs."""
    return "cpu"


ADAPTER = Adapter(
    name="numba_cpu",
    packages=("numba", "llvmlite"),
    device=device,
    paths=(
        Path(
            name="njit",
            about="this project's own kernels under numba.njit: two passes, sums in float64",
            run=njit,
            capabilities=Capabilities(
                dtypes=frozenset({"float64", "float32"}),
                mixed=frozenset(),
                narrow=frozenset({"float64+float32"}),
                per_activation=True,
            ),
        ),
    ),
)
