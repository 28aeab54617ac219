"""A call of a path as a program in the terms of autograd.numpy, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import in_numpy

LEAVES = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
"""What gradients are taken by, and their names."""

_STATISTICS = {
    "mean_var": (
        "mean = np.mean(wide, axis={axes}, keepdims=True)",
        "var = np.var(wide, axis={axes}, keepdims=True)",
    ),
    "sums": (
        "mean = np.sum(wide, axis={axes}, keepdims=True) / {count}",
        "var = np.sum((wide - mean) ** 2, axis={axes}, keepdims=True) / {count}",
    ),
}


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    leaves = ", ".join(name for name in LEAVES if getattr(inputs, name) is not None)
    lines = ["import autograd.numpy as np", "from autograd import make_vjp", *_types(inputs), ""]
    lines += [*_arrays(inputs), "", f"def batch_norm({leaves}):"]
    lines += [f"    {line}" for line in _forward(path, inputs)]
    lines += ["", *_call(leaves, output)]
    printed = output if output in ("y", *LEAVES.values()) else f"{output}.reshape("
    if printed.endswith("("):
        printed += f"{inputs.channel_shape})"
    return "\n".join([*lines, f"print({printed}.tolist())"]) + "\n"


def _types(inputs: Inputs) -> Iterator[str]:
    if "bfloat16" in inputs.types:
        yield "from ml_dtypes import bfloat16"


def _named(dtype: object) -> str:
    return "bfloat16" if str(dtype) == "bfloat16" else f"np.{dtype}"


def _arrays(inputs: Inputs) -> Iterator[str]:
    statistics = () if inputs.training else ("running_mean", "running_var")
    for name in (*LEAVES, "dy", *statistics):
        values: Array | None = getattr(inputs, name)
        if values is not None:
            yield f"{name} = {in_numpy(values, _named(values.dtype))}"


def _forward(path: str, inputs: Inputs) -> Iterator[str]:
    """The body of the formula."""
    wide = _named(np.promote_types(inputs.x.dtype, np.float32))
    shape = tuple(n if a in inputs.channel_axes else 1 for a, n in enumerate(inputs.x.shape))
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    half = wide != _named(inputs.x.dtype)
    yield f"wide = x.astype({wide})" if half else "wide = x"
    if inputs.training:
        yield from (line.format(axes=axes, count=inputs.count) for line in _STATISTICS[path])
    else:
        for name in ("mean", "var"):
            yield f"{name} = running_{name}.astype({wide}).reshape({shape})"
    yield f"inv_std = 1 / np.sqrt(var + {float(inputs.eps)!r})"
    yield "y = (wide - mean) * inv_std"
    if inputs.gamma is not None:
        yield f"y = y * np.reshape(gamma, {shape})"
    if inputs.beta is not None:
        yield f"y = y + np.reshape(beta, {shape})"
    yield f"return {'y.astype(x.dtype)' if half else 'y'}, mean, var, inv_std"


def _call(leaves: str, output: str) -> Iterator[str]:
    if output not in LEAVES.values():
        yield f"y, mean, var, inv_std = batch_norm({leaves})"
        return
    names = leaves.split(", ")
    yield f"forward = lambda {leaves}: batch_norm({leaves})[0]"
    yield f"pull_back, y = make_vjp(forward, {tuple(range(len(names)))})({leaves})"
    yield f"[{', '.join(f'd{name}' for name in names)}] = pull_back(dy)"
