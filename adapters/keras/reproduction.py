"""A call of a path as a program in the terms of Keras and its backend, for an issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from .layer import RUNNING, VARIABLES, policy

IMPORTS = {"torch": "import torch", "jax": "import jax", "tensorflow": "import tensorflow as tf"}
"""What the gradients of a backend are taken with."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path, which is a backend.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    write = {"torch": _torch, "jax": _jax, "tensorflow": _tensorflow}.get(path, _forward)
    lines = [
        *([IMPORTS[path]] if path in IMPORTS else []),
        "import keras",
        *(["import ml_dtypes"] if "bfloat16" in inputs.types else []),
        "import numpy as np",
        *(['jax.config.update("jax_enable_x64", True)'] if path == "jax" else []),
        "",
        *(_array(name, values) for name, values in inputs.given().items()),
        *([] if inputs.mask is None else [_array("mask", inputs.mask[..., 0])]),
        *_layer(inputs),
        *write(inputs, output),
    ]
    return "\n".join(lines) + "\n"


def _array(name: str, values: Array) -> str:
    told = "ml_dtypes.bfloat16" if str(values.dtype) == "bfloat16" else f"np.{values.dtype}"
    return f"{name} = {in_numpy(values, told)}"


def _told(inputs: Inputs) -> str:
    """What the layer is told beside x."""
    return f"training={inputs.training}{'' if inputs.mask is None else ', mask=mask'}"


def _layer(inputs: Inputs) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    yield "layer = keras.layers.BatchNormalization("
    yield f"    axis={axis}, momentum={1.0 - float(inputs.momentum)!r},"
    yield f"    epsilon={float(inputs.eps)!r}, center={inputs.beta is not None},"
    yield f'    scale={inputs.gamma is not None}, dtype="{policy(inputs)}",'
    yield ")"
    yield "layer.build(x.shape)"
    for name in inputs.given():
        if name in VARIABLES:
            yield f"layer.{VARIABLES[name]}.assign({name})"
    yield f'x = keras.ops.convert_to_tensor(x, dtype="{inputs.x.dtype}")'
    if inputs.dy is not None:
        yield f'dy = keras.ops.convert_to_tensor(dy, dtype="{inputs.x.dtype}")'


def _parameters(inputs: Inputs) -> list[str]:
    return [name for name in ("gamma", "beta") if getattr(inputs, name) is not None]


def _leaves(inputs: Inputs) -> tuple[str, str]:
    """What stands after dx and after x where gradients are taken by the parameters, too."""
    names = "".join(f", d{name}" for name in _parameters(inputs)) or ","
    return names, "".join(f", layer.{name}.value" for name in _parameters(inputs))


def _printed(value: str) -> str:
    return f"print(np.array(keras.ops.convert_to_numpy({value})).tolist())"


def _kept(output: str) -> str:
    """The expression of an output that is no gradient."""
    return f"layer.{RUNNING[output]}.value" if output in RUNNING else output


def _forward(inputs: Inputs, output: str) -> Iterator[str]:
    yield f"y = layer(x, {_told(inputs)})"
    yield _printed(_kept(output))


def _torch(inputs: Inputs, output: str) -> Iterator[str]:
    yield "x.requires_grad_()"
    yield f"y = layer(x, {_told(inputs)})"
    if inputs.dy is not None:
        names, owned = _leaves(inputs)
        yield f"dx{names} = torch.autograd.grad(y, [x{owned}], dy)"
    yield _printed(_kept(output))


def _tensorflow(inputs: Inputs, output: str) -> Iterator[str]:
    yield "with tf.GradientTape() as tape:"
    yield "    tape.watch(x)"
    yield f"    y = layer(x, {_told(inputs)})"
    if inputs.dy is not None:
        names, owned = _leaves(inputs)
        yield f"dx{names} = tape.gradient(y, [x{owned}], output_gradients=dy)"
    yield _printed(_kept(output))


def _jax(inputs: Inputs, output: str) -> Iterator[str]:
    own = ", ".join(f"layer.{name}.value" for name in _parameters(inputs))
    yield "kept = [variable.value for variable in layer.non_trainable_variables]"
    yield f"own = [{own}]"
    yield "def call(x, own):"
    yield f"    return layer.stateless_call(own, kept, x, {_told(inputs)})"
    if inputs.dy is None:
        yield "y, after = jax.jit(call)(x, own)"
    else:
        yield "def whole(x, own, dy):"
        yield "    y, pull_back, after = jax.vjp(call, x, own, has_aux=True)"
        yield "    return y, after, *pull_back(dy)"
        yield "y, after, dx, gradients = jax.jit(whole)(x, own, dy)"
        for place, name in enumerate(_parameters(inputs)):
            yield f"d{name} = gradients[{place}]"
    yield _printed(f"after[{list(RUNNING).index(output)}]" if output in RUNNING else output)
