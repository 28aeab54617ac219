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
BATCH_NORM = "torch.nn.functional.batch_norm"


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    memory_format = _FORMATS[inputs.x.ndim] if path == "channels_last" else ""
    if path == "native":
        return finished([*arrays(inputs, leaves=False), *native(inputs)], inputs, output)
    lines = [*arrays(inputs, memory_format)]
    if path == "module":
        return differentiated([*lines, *module(inputs), "y = layer(x)"], inputs, output, "layer.")
    return differentiated([*lines, *_function(inputs, path)], inputs, output)


def _function(inputs: Inputs, path: str) -> Iterator[str]:
    if path == "compile":
        yield compiled("inductor")
        yield f"y = batch_norm({arguments(inputs)})"
    else:
        yield f"y = {BATCH_NORM}({arguments(inputs)})"


def compiled(backend: str) -> str:
    """The line that has the function compiled."""
    options = f'backend="{backend}", fullgraph=True, dynamic=False'
    return f"batch_norm = torch.compile({BATCH_NORM}, {options})"


def arguments(inputs: Inputs) -> str:
    """What the function is given, by its place."""
    given = ", ".join(name_of(inputs, name) for name in (*STATISTICS, *PARAMETERS))
    return f"x, {given}, {settings(inputs)}"


def settings(inputs: Inputs) -> str:
    """Mode, momentum and eps, as the function and the operators take them."""
    return f"{inputs.training}, {inputs.momentum!r}, {inputs.eps!r}"


def differentiated(lines: list[str], inputs: Inputs, output: str, owner: str = "") -> str:
    """The program of these lines, which leave y, with the gradients if one is to be printed.

    Args:
        lines: What comes before.
        inputs: The call.
        output: Name of the output.
        owner: What parameters and buffers belong to, with a dot.
    """
    last = [_gradients(inputs, owner)] if output in GRADIENTS else []
    return finished([*lines, *last], inputs, output, owner)


def finished(lines: list[str], inputs: Inputs, output: str, owner: str = "") -> str:
    """The program of these lines, which leave every output by its name here or in `GRADIENTS`."""
    name = GRADIENTS.get(output, output)
    if output in STATISTICS:
        name = f"{owner}{name}"
    (axis,) = inputs.channel_axes
    if output in _IMAGES and axis != 1:
        name += f".movedim(1, {axis})"
    return "\n".join(["import torch", "", *lines, f"print({name}.tolist())"]) + "\n"


def module(inputs: Inputs) -> Iterator[str]:
    """The lines that leave the module, with its state, as ``layer``."""
    rank = max(inputs.x.ndim - 2, 1)
    (channels,) = inputs.channel_shape
    kept = [name for name in (*PARAMETERS, *STATISTICS) if name_of(inputs, name) != "None"]
    yield f"layer = torch.nn.BatchNorm{rank}d("
    yield f"    {channels}, eps={inputs.eps!r}, momentum={inputs.momentum!r},"
    # Older releases know no bias=; it is the weight's where it is not told.
    bias = " bias=False," if inputs.gamma is not None and inputs.beta is None else ""
    yield f"    affine={inputs.gamma is not None},{bias}"
    yield f"    track_running_stats={inputs.running_mean is not None},"
    yield f"    dtype=torch.{inputs.parameter_dtype}, device={str(DEVICE)!r},"
    yield ")"
    state = [f'"{name}": {name}' for name in kept]
    if inputs.running_mean is not None:
        state.append('"num_batches_tracked": torch.tensor(0)')
    yield f"layer.load_state_dict({{{', '.join(state)}}})"
    yield f"layer.train({inputs.training})"


def native(
    inputs: Inputs,
    forward: str = "torch.ops.aten.native_batch_norm",
    backward: str = "torch.ops.aten.native_batch_norm_backward",
) -> Iterator[str]:
    """The lines that call both operators, by those names, and leave all that they return."""
    weight, bias = (name_of(inputs, name) for name in PARAMETERS)
    running = ", ".join(name_of(inputs, name) for name in STATISTICS)
    yield f"y, mean, inv_std = {forward}("
    yield f"    x, {weight}, {bias}, {running}, {settings(inputs)}"
    yield ")"
    if inputs.dy is not None:
        mode, mask = inputs.training, [True, inputs.gamma is not None, inputs.beta is not None]
        yield f"dx, dweight, dbias = {backward}("
        yield f"    dy, x, {weight}, {running}, mean, inv_std, {mode}, {inputs.eps!r}, {mask}"
        yield ")"


def _gradients(inputs: Inputs, owner: str) -> str:
    names = [name for name in PARAMETERS if name_of(inputs, name) != "None"]
    found = ", ".join(["dx", *(f"d{name}" for name in names)]) if names else "(dx,)"
    leaves = ", ".join(["x", *(f"{owner}{name}" for name in names)])
    return f"{found} = torch.autograd.grad(y, [{leaves}], dy)"


def arrays(inputs: Inputs, memory_format: str = "", *, leaves: bool = True) -> Iterator[str]:
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


def name_of(inputs: Inputs, name: str) -> str:
    """The name of an argument in the program; None where it is not given."""
    return "None" if getattr(inputs, PARAMETERS.get(name, name)) is None else name
