"""A call of a path as a program in MLX's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import nested

from .calling import GRADIENTS, flat, has_strides

_STATE = ("running_mean", "running_var")
_WEIGHTS = {"gamma": "weight", "beta": "bias"}


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    lines = ["import mlx.core as mx"]
    lines += [*(["from mlx import nn"] if path == "layer" else []), "", *_arrays(inputs)]
    lines += {"layer": _layer, "formula": _formula}[path](inputs)
    names = [name for name in GRADIENTS if getattr(inputs, name) is not None]
    if inputs.dy is None:
        lines.append(f"y = batch_norm({', '.join(names)})[0]")
    else:
        found = ", ".join(GRADIENTS[name] for name in names)
        lines.append(f"(y,), ({found},) = mx.vjp(batch_norm, [{', '.join(names)}], [dy])")
    printed = f"layer.{output}" if output in _STATE else output
    return "\n".join([*lines, f"print({printed}.tolist())"]) + "\n"


def _layer(inputs: Inputs) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    last = inputs.x.ndim - 1
    affine, kept = inputs.gamma is not None, inputs.running_mean is not None
    yield "layer = nn.BatchNorm("
    yield f"    {inputs.x.shape[axis]}, eps={inputs.eps!r}, momentum={inputs.momentum!r},"
    yield f"    affine={affine}, track_running_stats={kept},"
    yield ")"
    yield f"layer.train({inputs.training})"
    if kept:
        yield "layer.update({" + ", ".join(f'"{name}": {name}' for name in _STATE) + "})"
    yield f"def batch_norm({', '.join(['x', *_WEIGHTS] if affine else ['x'])}):"
    if affine:
        yield '    layer.update({"weight": gamma, "bias": beta})'
    if axis == last:
        yield "    return [layer(x)]"
    else:
        yield f"    return [mx.moveaxis(layer(mx.moveaxis(x, {axis}, {last})), {last}, {axis})]"


def _formula(inputs: Inputs) -> Iterator[str]:
    kept = inputs.channel_axes
    rest = tuple(a for a in range(inputs.x.ndim) if a not in kept)
    shape = tuple(n if a in kept else 1 for a, n in enumerate(inputs.x.shape))

    def wide(name: str, values: Array | None) -> str:
        half = values is not None and values.dtype.itemsize == np.dtype(np.float16).itemsize
        return f"{name}.astype(mx.float32)" if half else name

    def column(name: str) -> str:
        return f"{wide(name, getattr(inputs, name))}.reshape({shape})"

    names = [name for name in GRADIENTS if getattr(inputs, name) is not None]
    yield f"def batch_norm({', '.join(names)}):"
    yield f"    wide = {wide('x', inputs.x)}"
    if inputs.training:
        yield f"    mean = mx.mean(wide, {rest}, keepdims=True)"
        yield f"    var = mx.var(wide, {rest}, keepdims=True)"
    else:
        yield f"    mean, var = {column('running_mean')}, {column('running_var')}"
    yield f"    y = (wide - mean) * mx.rsqrt(var + {inputs.eps!r})"
    if inputs.gamma is not None:
        yield f"    y = y * {column('gamma')}"
    if inputs.beta is not None:
        yield f"    y = y + {column('beta')}"
    yield "    return [y.astype(x.dtype)]"


def _arrays(inputs: Inputs) -> Iterator[str]:
    """The arrays of a call, as the adapter hands them over."""
    for name, values in inputs.given().items():
        yield f"{name} = {_array(values)}"


def _array(values: Array) -> str:
    told = f"mx.{values.dtype}"
    if not values.size:
        return f"mx.zeros({values.shape}, {told})"
    if not has_strides(values):
        return f"mx.array({nested(values)}, {told})"
    steps = tuple(step // values.itemsize for step in values.strides)
    return f"mx.as_strided(mx.array({nested(flat(values))}, {told}), {values.shape}, {steps})"
