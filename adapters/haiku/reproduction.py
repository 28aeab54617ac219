"""A call of the layer as a program in Haiku's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Array, Inputs

from ..jax.reproduction import HEAD, X64, call, given
from . import layer


def program(_: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of the layer and prints one output as nested lists.

    Args:
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    arrays = given(inputs, statistics=True)
    *made, printed = call(arrays, _forward(inputs, arrays), output)
    policy = layer.policy(inputs.given())
    lines = [
        "import haiku as hk",
        *HEAD,
        *(["import jmp"] if policy else []),
        *X64,
        *_layer(inputs),
        *made,
        *(_policy(inputs) if policy else []),
        f"    {printed}" if policy else printed,
    ]
    return "\n".join(lines) + "\n"


def _axes(inputs: Inputs) -> list[int]:
    return [a for a in range(inputs.x.ndim) if a not in inputs.channel_axes]


def _layer(inputs: Inputs) -> Iterator[str]:
    """The layer, transformed."""
    yield "layer = hk.transform_with_state(lambda x: hk.BatchNorm("
    yield f"    create_scale={inputs.gamma is not None}, create_offset={inputs.beta is not None},"
    yield f"    decay_rate={1 - float(inputs.momentum)!r}, eps={float(inputs.eps)!r},"
    yield f"    axis={_axes(inputs)},"
    yield f")(x, is_training={inputs.training}))"
    yield ""


def _policy(inputs: Inputs) -> Iterator[str]:
    """What the call stands under where types are mixed; it ends with the call."""
    yield f"policy = jmp.Policy(jnp.float32, jnp.float32, jnp.{inputs.x.dtype})"
    yield "with hk.mixed_precision.push_policy(hk.BatchNorm, policy):"


def _forward(inputs: Inputs, arrays: dict[str, Array]) -> Iterator[str]:
    """The body of a function that gives the layer its parameters and its state."""
    own = {"scale": "scale", "offset": "bias"}
    params = ", ".join(f'"{name}": wide({a})' for name, a in own.items() if a in arrays)
    averages = [name for name in ("mean", "var") if name in arrays]
    yield f"wide = lambda value: jnp.expand_dims(value, {_axes(inputs)})"
    yield f'params = {{"batch_norm": {{{params}}}}}' if params else "params = {}"
    yield "state = {"
    for name in averages:
        average = f'"counter": jnp.int32({layer.TRAINED}), "hidden": wide({name})'
        yield f'    "batch_norm/~/{name}_ema": {{{average}, "average": wide({name})}},'
    yield "}"
    yield "y, state = layer.apply(params, state, None, x)"
    found = (
        f'"running_{name}": jnp.squeeze(state["batch_norm/~/{name}_ema"]["average"], '
        f"{_axes(inputs)})"
        for name in averages
    )
    yield f"return y, {{{', '.join(found)}}}"
