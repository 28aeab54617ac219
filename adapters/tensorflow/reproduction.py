"""A call of a path as a program in TensorFlow's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import nested

from . import kernels, operation
from .calling import Mode

ARGUMENTS = {
    "x": "x",
    "scale": "gamma",
    "offset": "beta",
    "mean": "running_mean",
    "variance": "running_var",
    "dy": "dy",
}
"""Names in the program, and the inputs that they are."""

LEAVES = {"x": "dx", "scale": "dgamma", "offset": "dbeta"}
"""What gradients are taken by, and their names."""

_IMAGES = frozenset({"y", "dx"})
_DECORATORS: dict[Mode, str] = {
    "graph": "@tf.function(autograph=False)",
    "xla": "@tf.function(jit_compile=True, autograph=False)",
}


def program(path: str, inputs: Inputs, output: str, *, otherwise: Mode = "eager") -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
        otherwise: How paths that are not under XLA run.
    """
    mode: Mode = "xla" if path.endswith("_xla") else otherwise
    kind = path.removesuffix("_xla")
    if kind in {"keras", "nn"}:
        told = (_keras if kind == "keras" else _formula)(inputs, output, mode)
    else:
        told = _fused(inputs, output, mode, "NCHW" if "nchw" in kind else "NHWC")
    return "\n".join(["import tensorflow as tf", "", *told]) + "\n"


def _given(inputs: Inputs) -> dict[str, Array]:
    found = {name: getattr(inputs, field) for name, field in ARGUMENTS.items()}
    return {name: values for name, values in found.items() if values is not None}


def _tensors(arrays: Mapping[str, Array]) -> Iterator[str]:
    for name, values in arrays.items():
        told = f"tf.{values.dtype}"
        if values.size:
            yield f"{name} = tf.constant({nested(values)}, {told})"
        else:
            yield f"{name} = tf.zeros({list(values.shape)}, {told})"


def _leaves(inputs: Inputs) -> list[str]:
    return [name for name in LEAVES if getattr(inputs, ARGUMENTS[name]) is not None]


# --- tf.nn ---------------------------------------------------------------------------------------


def _formula(inputs: Inputs, output: str, mode: Mode) -> Iterator[str]:
    axes = [a for a in range(inputs.x.ndim) if a not in inputs.channel_axes]
    kept = [1 if a in axes else size for a, size in enumerate(inputs.x.shape)]
    arrays = {
        name: values if name in {"x", "dy"} else values.reshape(kept)
        for name, values in _given(inputs).items()
        if not (inputs.training and name in {"mean", "variance"})
    }
    yield from _tensors(arrays)
    yield from _function(arrays, mode, _formula_body(inputs, arrays, axes))
    result = f'found["{output}"]'
    if output not in _IMAGES:
        result = f"tf.reshape({result}, {list(inputs.channel_shape)})"
    yield f"print({result}.numpy().tolist())"


def _formula_body(inputs: Inputs, arrays: Mapping[str, Array], axes: list[int]) -> Iterator[str]:
    leaves = _leaves(inputs)
    offset, scale = (name if name in arrays else "None" for name in ("offset", "scale"))
    yield "with tf.GradientTape() as tape:"
    yield f"    tape.watch([{', '.join(leaves)}])"
    statistics = []
    if inputs.training:
        yield f"    mean, variance = tf.nn.moments(x, {axes}, keepdims=True)"
        statistics = ['"mean": mean', '"var": variance']
    given = f"x, mean, variance, {offset}, {scale}, {inputs.eps!r}"
    yield f"    y = tf.nn.batch_normalization({given})"
    found = ['"y": y', *statistics]
    if inputs.dy is not None:
        names = [LEAVES[name] for name in leaves]
        told = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
        yield f"{told} = tape.gradient(y, [{', '.join(leaves)}], output_gradients=dy)"
        found += [f'"{name}": {name}' for name in names]
    yield f"return {{{', '.join(found)}}}"


def _function(arrays: Iterable[str], mode: Mode, body: Iterator[str]) -> Iterator[str]:
    """A function of the arrays, traced or compiled by XLA where the path is, and its call."""
    arguments = ", ".join(arrays)
    yield ""
    if mode in _DECORATORS:
        yield _DECORATORS[mode]
    yield f"def batch_norm({arguments}):"
    yield from (f"    {line}" for line in body)
    yield ""
    yield f"found = batch_norm({arguments})"


# --- the fused operation -------------------------------------------------------------------------


def _fused(inputs: Inputs, output: str, mode: Mode, order: str) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    arrays = {
        name: operation.image(values, axis, order) if name in {"x", "dy"} else values
        for name, values in _given(inputs).items()
    }
    none = [name for name in ("mean", "variance") if name not in arrays]
    arrays |= {name: np.zeros(0, inputs.parameter_dtype) for name in none}
    if not _differentiates(inputs, output, order, mode):
        arrays.pop("dy", None)
    yield from _tensors(arrays)
    yield from _function(arrays, mode, _fused_body(inputs, arrays, order, kept=not none))
    yield f"print({_moved(inputs, output, order)}.numpy().tolist())"


def _differentiates(inputs: Inputs, output: str, order: str, mode: Mode) -> bool:
    """Whether the program has a gradient; a graph is one whole, if the CPU knows its gradient."""
    if inputs.dy is None or mode == "eager":
        return output in LEAVES.values()
    run = operation.run if mode == "xla" else kernels.run
    return "dx" in run(inputs, order=order, mode=mode)


def _fused_body(
    inputs: Inputs, arrays: Mapping[str, Array], order: str, *, kept: bool
) -> Iterator[str]:
    training = inputs.training
    data_format = operation.data_format(inputs, order)
    settings = f'epsilon={inputs.eps!r}, data_format="{data_format}", is_training={training}'
    yield "out = tf.raw_ops.FusedBatchNormV3("
    yield "    x=x, scale=scale, offset=offset, mean=mean, variance=variance,"
    yield f"    exponential_avg_factor={operation.factor(inputs)!r}, {settings},"
    yield ")"
    found = ['"y": out.y']
    if kept:
        found += ['"running_mean": out.batch_mean', '"running_var": out.batch_variance']
    if training:
        found += ['"mean": out.reserve_space_1', '"var": out.reserve_space_2']
    if "dy" in arrays:
        saved = ("out.reserve_space_1", "out.reserve_space_2") if training else ("mean", "variance")
        yield "grad = tf.raw_ops.FusedBatchNormGradV3("
        yield f"    y_backprop=dy, x=x, scale=scale, reserve_space_1={saved[0]},"
        yield f"    reserve_space_2={saved[1]}, reserve_space_3=out.reserve_space_3, {settings},"
        yield ")"
        ends = {"dx": "x", "dgamma": "scale", "dbeta": "offset"}
        found += [f'"{name}": grad.{end}_backprop' for name, end in ends.items()]
    yield f"return {{{', '.join(found)}}}"


def _moved(inputs: Inputs, output: str, order: str) -> str:
    """An output in the layout of the inputs."""
    result = f'found["{output}"]'
    if output not in _IMAGES:
        return result
    (axis,) = inputs.channel_axes
    there, back = operation.MOVES[order]
    moved = there(inputs.x, axis).shape
    if len(moved) == 2:  # noqa: PLR2004 - a matrix, as images of one pixel
        result = f"tf.reshape({result}, {list(moved)})"
    # Axes of sizes that differ show where each one goes.
    sizes = list(range(2, inputs.x.ndim + 2))
    places = [sizes.index(size) for size in back(np.empty(sizes), axis).shape]
    return result if places == sorted(places) else f"tf.transpose({result}, {places})"


# --- the layer -----------------------------------------------------------------------------------


_OWNED = {"x": "x", "scale": "layer.gamma.value", "offset": "layer.beta.value"}
"""What the layer's gradients are taken by."""

_KEPT = {"running_mean": "layer.moving_mean", "running_var": "layer.moving_variance"}


def _keras(inputs: Inputs, output: str, mode: Mode) -> Iterator[str]:
    arrays = _given(inputs)
    masks = {} if inputs.mask is None else {"mask": inputs.mask[..., 0]}
    yield from _tensors(arrays | masks)
    (axis,) = inputs.channel_axes
    x_type, parameter_type = str(inputs.x.dtype), str(inputs.parameter_dtype)
    policy = x_type if parameter_type == x_type else f"mixed_{x_type}"
    yield "layer = tf.keras.layers.BatchNormalization("
    yield f"    axis={axis}, momentum={1.0 - inputs.momentum!r}, epsilon={inputs.eps!r},"
    yield f"    center={inputs.beta is not None}, scale={inputs.gamma is not None},"
    yield f'    dtype="{policy}",'
    yield ")"
    yield "layer.build(x.shape)"
    weights = [name for name in ("scale", "offset", "mean", "variance") if name in arrays]
    yield f"layer.set_weights([{', '.join(weights)}])"
    if mode == "eager":
        yield from _step(inputs, gradient=output in LEAVES.values())
        yield f"print({_KEPT.get(output, output)}.numpy().tolist())"
    else:
        yield from _function(sorted(arrays.keys() & {"x", "dy"}), mode, _whole_step(inputs))
        result = _KEPT.get(output, f'found["{output}"]')
        yield f"print({result}.numpy().tolist())"


def _step(inputs: Inputs, *, gradient: bool) -> Iterator[str]:
    yield "with tf.GradientTape() as tape:"
    yield "    tape.watch(x)"
    told = "" if inputs.mask is None else ", mask=mask"
    yield f"    y = layer(x, training={inputs.training}{told})"
    if gradient:
        names = [LEAVES[name] for name in _leaves(inputs)]
        told = ", ".join(names) if len(names) > 1 else f"({names[0]},)"
        leaves = ", ".join(_OWNED[name] for name in _leaves(inputs))
        yield f"{told} = tape.gradient(y, [{leaves}], output_gradients=dy)"


def _whole_step(inputs: Inputs) -> Iterator[str]:
    """The body of a function that gives all of its outputs: a graph is one whole."""
    gradient = inputs.dy is not None
    yield from _step(inputs, gradient=gradient)
    names = ["y", *(LEAVES[name] for name in _leaves(inputs) if gradient)]
    told = ", ".join(f'"{name}": {name}' for name in names)
    yield f"return {{{told}}}"
