"""A call of a path as a program in PaddlePaddle's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs
from conformance.literals import nested

from .calling import GRADIENTS, data_format

STATE = {"gamma": "weight", "beta": "bias", "running_mean": "_mean", "running_var": "_variance"}
STATISTICS = ("running_mean", "running_var")


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    last = path == "functional_nhwc"
    lines = ["import paddle", "", *_arrays(inputs, last=last)]
    lines += {"layer": _layer, "operator": _operator}.get(path, _functional)(inputs, path)
    if inputs.dy is not None:
        owner = "layer." if path == "layer" else ""
        by = {n: f"{owner}{STATE[n]}" if owner and n in STATE else n for n in GRADIENTS}
        names = [name for name in GRADIENTS if getattr(inputs, name) is not None]
        found = ", ".join(GRADIENTS[name] for name in names)
        lines.append(f"[{found}] = paddle.grad(y, [{', '.join(by[n] for n in names)}], dy)")
    return "\n".join([*lines, f"print({_printed(path, inputs, output)}.tolist())"]) + "\n"


def _functional(inputs: Inputs, path: str) -> Iterator[str]:
    named = data_format(inputs.x.ndim, last=path == "functional_nhwc")
    function = "paddle.nn.functional.batch_norm"
    if path == "to_static":
        yield f"batch_norm = paddle.jit.to_static({function}, full_graph=True)"
        function = "batch_norm"
    yield f"y = {function}("
    yield f"    {_given(inputs)}, training={inputs.training},"
    yield f'    momentum={1 - inputs.momentum!r}, epsilon={inputs.eps!r}, data_format="{named}",'
    yield ")"


def _layer(inputs: Inputs, _: str) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    rank = inputs.x.ndim
    gamma, beta = (None if a is not None else False for a in (inputs.gamma, inputs.beta))
    state = [f'"{own}": {name}' for name, own in STATE.items() if _has(inputs, name)]
    yield f"layer = paddle.nn.BatchNorm{max(rank - 2, 1)}D("
    yield f"    {inputs.x.shape[axis]}, momentum={1 - inputs.momentum!r}, epsilon={inputs.eps!r},"
    yield f"    weight_attr={gamma}, bias_attr={beta},"
    yield f'    data_format="{data_format(rank, last=False)}",'
    yield ")"
    yield f'layer.to(dtype="{inputs.parameter_dtype}")'
    yield f"layer.set_state_dict({{{', '.join(state)}}})"
    yield "layer.train()" if inputs.training else "layer.eval()"
    yield "y = layer(x)"


def _operator(inputs: Inputs, _: str) -> Iterator[str]:
    test, old = not inputs.training, 1 - inputs.momentum
    yield "y, running_mean, running_var, mean, inv_std, _ = paddle._C_ops.batch_norm("
    yield f"    {_given(inputs)},"
    yield f'    {test}, {old!r}, {inputs.eps!r}, "NCHW", {test}, False,'
    yield ")"


def _given(inputs: Inputs) -> str:
    names = ("gamma", "beta")
    parameters = [name if _has(inputs, name) else "None" for name in names]
    return ", ".join(["x", *STATISTICS, *parameters])


def _printed(path: str, inputs: Inputs, output: str) -> str:
    name = f"layer.{STATE[output]}" if path == "layer" and output in STATISTICS else output
    (axis,) = inputs.channel_axes
    own = inputs.x.ndim - 1 if path == "functional_nhwc" else 1
    moved = output in LIKE_X and axis != own
    return f"paddle.moveaxis({name}, {own}, {axis})" if moved else name


def _arrays(inputs: Inputs, *, last: bool) -> Iterator[str]:
    """The arrays of a call, as the adapter hands them over."""
    (axis,) = inputs.channel_axes
    move = layout.channels_last if last else layout.channels_first
    for name, values in inputs.given().items():
        yield f"{name} = {_tensor(move(values, axis) if name in LIKE_X else values)}"
        if inputs.dy is not None and name in GRADIENTS:
            yield f"{name}.stop_gradient = False"


def _tensor(values: Array) -> str:
    if not values.size:
        return f'paddle.empty({list(values.shape)}, "{values.dtype}")'
    return f'paddle.to_tensor({nested(values)}, "{values.dtype}")'


def _has(inputs: Inputs, name: str) -> bool:
    return getattr(inputs, name) is not None
