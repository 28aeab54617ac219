"""A call of the layer as a program in Haiku's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Array, Inputs
from conformance.literals import nested

from . import layer

ARGUMENTS = {
    "x": "x",
    "scale": "gamma",
    "offset": "beta",
    "mean": "running_mean",
    "var": "running_var",
    "dy": "dy",
}
"""Names in the program, and the inputs that they are."""

LEAVES = {"x": "dx", "scale": "dgamma", "offset": "dbeta"}
"""What gradients are taken by, and their names."""


def program(_: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of the layer and prints one output as nested lists.

    Args:
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    found = {name: getattr(inputs, field) for name, field in ARGUMENTS.items()}
    arrays = {name: values for name, values in found.items() if values is not None}
    indent = "    " if layer.policy(inputs.given()) else ""
    lines = [
        "import haiku as hk",
        "import jax",
        "import jax.numpy as jnp",
        *(["import jmp"] if indent else []),
        "import numpy as np",
        'jax.config.update("jax_enable_x64", True)',
        "",
        *(_array(name, values) for name, values in arrays.items()),
        *_layer(inputs),
        *_function(inputs, arrays),
        *_policy(inputs),
        f'{indent}print(np.asarray(batch_norm({", ".join(arrays)})["{output}"]).tolist())',
    ]
    return "\n".join(lines) + "\n"


def _array(name: str, values: Array) -> str:
    """One array, in numpy, which converts without flushing subnormal numbers."""
    told = f"jnp.{values.dtype}"
    if not values.size:
        return f"{name} = np.zeros({values.shape}, {told})"
    return f"{name} = np.array({nested(values)}, {told})"


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
    if layer.policy(inputs.given()):
        yield f"policy = jmp.Policy(jnp.float32, jnp.float32, jnp.{inputs.x.dtype})"
        yield "with hk.mixed_precision.push_policy(hk.BatchNorm, policy):"


def _function(inputs: Inputs, arrays: dict[str, Array]) -> Iterator[str]:
    """A compiled function of the arrays that differentiates the layer."""
    leaves = [name for name in LEAVES if name in arrays]
    averages = [name for name in ("mean", "var") if name in arrays]
    yield f"wide = lambda value: jnp.expand_dims(value, {_axes(inputs)})"
    yield from ("", "@jax.jit", f"def batch_norm({', '.join(arrays)}):")
    yield f"    def forward({', '.join(leaves)}):"
    own = ", ".join(f'"{name}": wide({name})' for name in leaves if name != "x")
    yield f'        params = {{"batch_norm": {{{own}}}}}' if own else "        params = {}"
    yield "        state = {"
    for name in averages:
        average = f'"counter": jnp.int32({layer.TRAINED}), "hidden": wide({name})'
        yield f'            "batch_norm/~/{name}_ema": {{{average}, "average": wide({name})}},'
    yield "        }"
    yield "        y, state = layer.apply(params, state, None, x)"
    found = (
        f'"running_{name}": jnp.squeeze(state["batch_norm/~/{name}_ema"]["average"], '
        f"{_axes(inputs)})"
        for name in averages
    )
    yield f"        return y, {{{', '.join(found)}}}"
    yield from _gradients(leaves, differentiated="dy" in arrays)
    yield ""


def _gradients(leaves: list[str], *, differentiated: bool) -> Iterator[str]:
    if not differentiated:
        yield f"    y, others = forward({', '.join(leaves)})"
        yield '    return {"y": y, **others}'
        return
    yield f"    y, pull_back, others = jax.vjp(forward, {', '.join(leaves)}, has_aux=True)"
    yield f"    gradients = dict(zip({[LEAVES[name] for name in leaves]}, pull_back(dy)))"
    yield '    return {"y": y, **others, **gradients}'
