"""A call of a path as a program in Chainer's own terms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import in_numpy, nested

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
SAVED = ("mean", "var", "inv_std")
STATISTICS = {"running_mean": "avg_mean", "running_var": "avg_var"}
"""Names of running statistics here, and in a link."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    lines = ["import chainer", "import numpy as np", "", *_arrays(inputs, path)]
    lines += _link(inputs) if path == "link" else _functional(inputs)
    if output in GRADIENTS.values():
        owner = "layer." if path == "link" else ""
        names = [name for name in GRADIENTS if name in inputs.given()]
        by = ", ".join(name if name == "x" else f"{owner}{name}" for name in names)
        found = ", ".join(GRADIENTS[name] for name in names)
        lines.append(f"[{found}] = chainer.grad([y], [{by}], [dy])")
    return "\n".join([*lines, f"print({_printed(path, output)}.tolist())"]) + "\n"


def _functional(inputs: Inputs) -> Iterator[str]:
    settings = f"eps={inputs.eps!r}, axis={_rest(inputs)}"
    if not inputs.training:
        yield "y = chainer.functions.fixed_batch_normalization("
        yield "    x, gamma, beta, running_mean, running_var,"
        yield f"    {settings},"
    else:
        kept = "".join(f"{name}={name}, " for name in STATISTICS if name in inputs.given())
        yield "y = chainer.functions.batch_normalization("
        yield f"    x, gamma, beta, {kept}decay={1 - inputs.momentum!r},"
        yield f"    {settings},"
    yield ")"


def _link(inputs: Inputs) -> Iterator[str]:
    gamma, beta = inputs.gamma is not None, inputs.beta is not None
    yield "layer = chainer.links.BatchNormalization("
    yield f"    {inputs.channel_shape}, decay={1 - inputs.momentum!r}, eps={inputs.eps!r},"
    yield f"    dtype=np.{inputs.parameter_dtype}, use_gamma={gamma}, use_beta={beta},"
    yield f"    axis={_rest(inputs)},"
    yield ")"
    for name in ("gamma", "beta"):
        if getattr(inputs, name) is not None:
            yield f"layer.{name}.array[...] = {name}"
    for name, own in STATISTICS.items():
        yield f"layer.{own} = {name}"
    yield f'with chainer.using_config("train", {inputs.training}):'
    yield "    y = layer(x)"


def _rest(inputs: Inputs) -> tuple[int, ...]:
    return tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)


def _printed(path: str, output: str) -> str:
    if output in SAVED:
        return f"y.creator_node.{output}"
    if output in STATISTICS:
        return f"layer.{STATISTICS[output]}" if path == "link" else output
    return f"{output}.array"


def _arrays(inputs: Inputs, path: str) -> Iterator[str]:
    """The arrays of a call, as the adapter hands them over."""
    variables = {"x", "dy"} if path == "link" else {"x", "dy", "gamma", "beta"}
    for name, values in inputs.given().items():
        array = _array(values if name not in STATISTICS else np.array(values))
        yield f"{name} = chainer.Variable({array})" if name in variables else f"{name} = {array}"


def _array(values: Array) -> str:
    told = f"np.{values.dtype}"
    if values.flags.c_contiguous or not values.size:
        return in_numpy(values, told)
    return _strided(values, told)


def _strided(values: Array, told: str) -> str:
    """The array and the memory between its values, from the first of them on to the last."""
    steps = [step // values.itemsize for step in values.strides]
    back = tuple(slice(None, None, -1 if step < 0 else 1) for step in steps)
    ahead = values[back]
    size = 1 + sum((n - 1) * abs(step) for n, step in zip(values.shape, steps, strict=True))
    flat = np.lib.stride_tricks.as_strided(ahead, (size,), (values.itemsize,), writeable=False)
    strides = tuple(abs(step) for step in values.strides)
    held = f"np.array({nested(flat)}, {told})"
    view = f"np.lib.stride_tricks.as_strided({held}, {values.shape}, {strides})"
    turned = ", ".join("::-1" if step < 0 else ":" for step in steps)
    return f"{view}[{turned}]" if min(steps) < 0 else view
