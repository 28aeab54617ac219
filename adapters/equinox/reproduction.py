"""A call of a path as a program in Equinox's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs
from conformance.literals import nested

from . import layer

ARGUMENTS = {
    "x": "x",
    "weight": "gamma",
    "bias": "beta",
    "mean": "running_mean",
    "var": "running_var",
    "dy": "dy",
}
"""Names in the program, and the inputs that they are."""

LEAVES = {"x": "dx", "weight": "dgamma", "bias": "dbeta"}
"""What gradients are taken by, and their names."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path, which is a mode.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    (axis,) = inputs.channel_axes
    found = {name: getattr(inputs, field) for name, field in ARGUMENTS.items()}
    arrays = {
        name: layout.channels_first(values, axis) if name in ("x", "dy") else values
        for name, values in found.items()
        if values is not None
    }
    quiet = ["import warnings", 'warnings.simplefilter("ignore")  # that it is slow']
    lines = [
        *(quiet if path == "legacy" else []),
        "import equinox as eqx",
        "import jax",
        "import jax.numpy as jnp",
        "import numpy as np",
        'jax.config.update("jax_enable_x64", True)',
        "",
        *(_array(name, values) for name, values in arrays.items()),
        "",
        *_function(path, inputs, arrays),
        f'found = np.asarray(batch_norm({", ".join(arrays)})["{output}"])',
        f"print({_moved(inputs, output)}.tolist())",
    ]
    return "\n".join(lines) + "\n"


def _array(name: str, values: Array) -> str:
    """One array, in numpy, which converts without flushing subnormal numbers."""
    told = f"jnp.{values.dtype}"
    if not values.size:
        return f"{name} = np.zeros({values.shape}, {told})"
    return f"{name} = np.array({nested(values)}, {told})"


def _moved(inputs: Inputs, output: str) -> str:
    """The output in the layout of the inputs."""
    (axis,) = inputs.channel_axes
    moved = output in LIKE_X and axis != 1
    return f"np.moveaxis(found, 1, {axis})" if moved else "found"


def _function(mode: str, inputs: Inputs, arrays: dict[str, Array]) -> Iterator[str]:
    """A compiled function of the arrays that differentiates the layer."""
    leaves = [name for name in LEAVES if name in arrays]
    yield from ("@jax.jit", f"def batch_norm({', '.join(arrays)}):")
    yield f"    def forward({', '.join(leaves)}):"
    yield from (f"        {line}" for line in _forward(mode, inputs, arrays))
    yield ""
    if "dy" not in arrays:
        yield f"    y, others = forward({', '.join(leaves)})"
        yield '    return {"y": y, **others}'
    else:
        yield f"    y, pull_back, others = jax.vjp(forward, {', '.join(leaves)}, has_aux=True)"
        yield f"    gradients = dict(zip({[LEAVES[name] for name in leaves]}, pull_back(dy)))"
        yield '    return {"y": y, **others, **gradients}'
    yield ""


def _forward(mode: str, inputs: Inputs, arrays: dict[str, Array]) -> Iterator[str]:
    """The body of a function that builds the layer, fills it and calls it."""
    yield "layer, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)("
    yield f'    {inputs.channel_shape[0]}, axis_name="batch", eps={float(inputs.eps)!r},'
    yield f"    channelwise_affine={'weight' in arrays}, momentum={1 - float(inputs.momentum)!r},"
    yield f'    inference={not inputs.training}, dtype=x.dtype, mode="{mode}",'
    yield ")"
    if "weight" in arrays:
        yield "layer = eqx.tree_at(lambda own: (own.weight, own.bias), layer, (weight, bias))"
    index = "layer.batch_state_index" if mode == "batch" else "layer.ema_state_index"
    if "mean" in arrays:
        yield f"state = state.set({index}, (mean, var))"
        if mode == "batch":
            seen = f"jnp.full_like(state.get(layer.batch_counter), {layer.TRAINED})"
            yield f"state = state.set(layer.batch_counter, {seen})"
        else:
            yield "state = state.set(layer.ema_first_time_index, jnp.array(False))"
    yield 'over = jax.vmap(layer, axis_name="batch", in_axes=(0, None), out_axes=(0, None))'
    yield "y, state = over(x, state)"
    kept = f'dict(zip(("running_mean", "running_var"), state.get({index})))'
    yield f"return y, {kept if 'mean' in arrays else '{}'}"
