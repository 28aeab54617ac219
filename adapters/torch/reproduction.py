"""A call of a path as a program in PyTorch's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import nested

from .calling import DEVICE, has_strides

PARAMETERS = {"weight": "gamma", "bias": "beta"}
STATISTICS = ("running_mean", "running_var")
GRADIENTS = {"dx": "dx", "dgamma": "dweight", "dbeta": "dbias"}
"""Names of gradients here, and in the program."""

_IMAGES = frozenset({"y", "dx"})
_FORMATS = {4: "torch.channels_last", 5: "torch.channels_last_3d"}
_BATCH_NORM = "torch.nn.functional.batch_norm"
_COMPILED = f'torch.compile({_BATCH_NORM}, backend="inductor", fullgraph=True, dynamic=False)'


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    memory_format = _FORMATS[inputs.x.ndim] if path == "channels_last" else ""
    native = path == "native"
    lines = ["import torch", "", *_arrays(inputs, memory_format, leaves=not native)]
    lines += {"native": _native, "module": _module}.get(path, _functional)(inputs, path)
    if output in GRADIENTS and not native:
        lines.append(_gradients(inputs, "layer." if path == "module" else ""))
    return "\n".join([*lines, f"print({_printed(path, inputs, output)}.tolist())"]) + "\n"


def _functional(inputs: Inputs, path: str) -> Iterator[str]:
    given = ", ".join(_name(inputs, name) for name in (*STATISTICS, *PARAMETERS))
    function = _BATCH_NORM
    if path == "compile":
        yield f"batch_norm = {_COMPILED}"
        function = "batch_norm"
    yield f"y = {function}(x, {given}, {inputs.training}, {inputs.momentum!r}, {inputs.eps!r})"


def _module(inputs: Inputs, _: str) -> Iterator[str]:
    rank = max(inputs.x.ndim - 2, 1)
    (channels,) = inputs.channel_shape
    kept = [name for name in (*PARAMETERS, *STATISTICS) if _name(inputs, name) != "None"]
    yield f"layer = torch.nn.BatchNorm{rank}d("
    yield f"    {channels}, eps={inputs.eps!r}, momentum={inputs.momentum!r},"
    yield f"    affine={inputs.gamma is not None}, bias={inputs.beta is not None},"
    yield f"    track_running_stats={inputs.running_mean is not None},"
    yield f"    dtype=torch.{inputs.parameter_dtype}, device={str(DEVICE)!r},"
    yield ")"
    state = [f'"{name}": {name}' for name in kept]
    if inputs.running_mean is not None:
        state.append('"num_batches_tracked": torch.tensor(0)')
    yield f"layer.load_state_dict({{{', '.join(state)}}})"
    yield f"layer.train({inputs.training})"
    yield "y = layer(x)"


def _native(inputs: Inputs, _: str) -> Iterator[str]:
    weight, bias = (_name(inputs, name) for name in PARAMETERS)
    running = ", ".join(_name(inputs, name) for name in STATISTICS)
    training, eps = inputs.training, repr(inputs.eps)
    yield "y, mean, inv_std = torch.ops.aten.native_batch_norm("
    yield f"    x, {weight}, {bias}, {running}, {training}, {inputs.momentum!r}, {eps}"
    yield ")"
    if inputs.dy is not None:
        mask = [True, inputs.gamma is not None, inputs.beta is not None]
        yield "dx, dweight, dbias = torch.ops.aten.native_batch_norm_backward("
        yield f"    dy, x, {weight}, {running}, mean, inv_std, {training}, {eps}, {mask}"
        yield ")"


def _gradients(inputs: Inputs, owner: str) -> str:
    names = [name for name in PARAMETERS if _name(inputs, name) != "None"]
    found = ", ".join(["dx", *(f"d{name}" for name in names)]) if names else "(dx,)"
    leaves = ", ".join(["x", *(f"{owner}{name}" for name in names)])
    return f"{found} = torch.autograd.grad(y, [{leaves}], dy)"


def _printed(path: str, inputs: Inputs, output: str) -> str:
    name = GRADIENTS.get(output, output)
    if path == "module" and output in STATISTICS:
        name = f"layer.{output}"
    (axis,) = inputs.channel_axes
    return f"{name}.movedim(1, {axis})" if output in _IMAGES and axis != 1 else name


def _arrays(inputs: Inputs, memory_format: str, *, leaves: bool) -> Iterator[str]:
    """The arrays of a call, as the adapter hands them over."""
    (axis,) = inputs.channel_axes
    grad = ".requires_grad_()" if leaves and inputs.dy is not None else ""
    to = f".to(memory_format={memory_format})" if memory_format else ""
    yield f"x = {_tensor(layout.channels_first(inputs.x, axis), inputs.x)}{to}{grad}"
    if inputs.dy is not None:
        dy = _tensor(layout.channels_first(inputs.dy, axis), inputs.dy)
        yield f"dy = {dy}{'' if has_strides(inputs.dy) else to}"
    for name, field in (PARAMETERS | dict(zip(STATISTICS, STATISTICS, strict=True))).items():
        values: Array | None = getattr(inputs, field)
        if values is not None:
            yield f"{name} = {_tensor(values, values)}{grad if name in PARAMETERS else ''}"


def _tensor(values: Array, given: Array) -> str:
    """One tensor; it has the strides of what was given, if that has any of its own."""
    told = f"dtype=torch.{values.dtype}" + (", device='cuda'" if DEVICE.type == "cuda" else "")
    if not values.size:
        return f"torch.empty({list(values.shape)}, {told})"
    if not has_strides(given):
        return f"torch.tensor({nested(values)}, {told})"
    steps = tuple(step // values.itemsize for step in values.strides)
    size = 1 + sum((n - 1) * step for n, step in zip(values.shape, steps, strict=True))
    flat = np.lib.stride_tricks.as_strided(values, (size,), (values.itemsize,), writeable=False)
    return f"torch.tensor({nested(flat)}, {told}).as_strided({values.shape}, {steps})"


def _name(inputs: Inputs, name: str) -> str:
    """The name of an argument in the program; None where it is not given."""
    return "None" if getattr(inputs, PARAMETERS.get(name, name)) is None else name
