"""A call of a path as a program in Equinox's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs

from ..jax.reproduction import HEAD, X64, call, given
from . import layer


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path, which is a mode.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    (axis,) = inputs.channel_axes
    arrays = {
        name: layout.channels_first(values, axis) if name in LIKE_X else values
        for name, values in given(inputs, statistics=True).items()
    }
    moved = output in LIKE_X and axis != 1
    quiet = ["import warnings", 'warnings.simplefilter("ignore")  # that it is slow']
    lines = [
        *(quiet if path == "legacy" else []),
        "import equinox as eqx",
        *HEAD,
        *X64,
        *call(
            arrays,
            _forward(path, inputs, arrays),
            output,
            shown=f"np.moveaxis({{}}, 1, {axis})" if moved else "{}",
        ),
    ]
    return "\n".join(lines) + "\n"


def _forward(mode: str, inputs: Inputs, arrays: dict[str, Array]) -> Iterator[str]:
    """The body of a function that builds the layer, fills it and calls it."""
    yield "layer, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)("
    yield f'    {inputs.channel_shape[0]}, axis_name="batch", eps={float(inputs.eps)!r},'
    yield f"    channelwise_affine={'scale' in arrays}, momentum={1 - float(inputs.momentum)!r},"
    yield f'    inference={not inputs.training}, dtype=x.dtype, mode="{mode}",'
    yield ")"
    if "scale" in arrays:
        yield "layer = eqx.tree_at(lambda own: (own.weight, own.bias), layer, (scale, bias))"
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
