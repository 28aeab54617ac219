"""A call as a program in tinygrad's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs
from conformance.literals import nested

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
STATE = {
    "gamma": "weight",
    "beta": "bias",
    "running_mean": "running_mean",
    "running_var": "running_var",
}
STATISTICS = ("running_mean", "running_var")


def program(_path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call and prints one output as nested lists.

    Args:
        _path: Name of the path, of which there is one.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    lines = ["from tinygrad import Context, Tensor, dtypes, nn", "", *_arrays(inputs)]
    lines += _layer(inputs)
    if inputs.dy is not None:
        names = [name for name in GRADIENTS if name in inputs.given()]
        found = ", ".join(GRADIENTS[name] for name in names)
        lines.append(f"{found}, = y.gradient({', '.join(names)}, gradient=dy)")
    everything = ["y", *(d for n, d in GRADIENTS.items() if _due(inputs, n))]
    everything += [f"layer.{name}" for name in STATISTICS if name in inputs.given()]
    lines.append(f"Tensor.realize({', '.join(everything)})")
    return "\n".join([*lines, f"print({_printed(inputs, output)}.tolist())"]) + "\n"


def _due(inputs: Inputs, name: str) -> bool:
    return inputs.dy is not None and name in inputs.given()


def _layer(inputs: Inputs) -> Iterator[str]:
    (channels,) = inputs.channel_shape
    affine, kept = inputs.gamma is not None, inputs.running_mean is not None
    yield "layer = nn.BatchNorm("
    yield f"    {channels}, eps={inputs.eps!r}, momentum={inputs.momentum!r},"
    yield f"    affine={affine}, track_running_stats={kept},"
    yield ")"
    for name, own in STATE.items():
        if name in inputs.given():
            yield f"layer.{own} = {name}"
    yield f"with Context(TRAINING={int(inputs.training)}):"
    yield "    y = layer(x)"


def _printed(inputs: Inputs, output: str) -> str:
    (axis,) = inputs.channel_axes
    name = f"layer.{output}" if output in STATISTICS else output
    if output not in LIKE_X or axis == 1:
        return name
    order = [a for a in range(inputs.x.ndim) if a != 1]
    order.insert(axis, 1)
    return f"{name}.permute({', '.join(map(str, order))})"


def _arrays(inputs: Inputs) -> Iterator[str]:
    """The arrays of a call, as the adapter hands them over."""
    (axis,) = inputs.channel_axes
    for name, values in inputs.given().items():
        held = layout.channels_first(values, axis) if name in LIKE_X else values
        yield f"{name} = {_tensor(held)}"


def _tensor(values: Array) -> str:
    told = f"dtypes.{values.dtype}"
    if not values.size:
        return f"Tensor.empty({', '.join(map(str, values.shape))}, dtype={told})"
    if values.dtype == ml_dtypes.bfloat16:
        return f"Tensor({nested(values)}, dtype=dtypes.float32).cast({told})"
    return f"Tensor({nested(values)}, dtype={told})"
