"""A call of a path as a program in JAX's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Inputs

from ..jax.reproduction import HEAD, X64, call, given
from . import layer


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    own = path == "batch_norm"
    lines = [
        *HEAD,
        *(["from jax.example_libraries import stax"] if own else []),
        *X64,
        *call(
            given(inputs, statistics=not inputs.training),
            _layer(inputs) if own else _standardize(inputs, path),
            output,
        ),
    ]
    return "\n".join(lines) + "\n"


def _layer(inputs: Inputs) -> Iterator[str]:
    axes = layer.summed(inputs.x.ndim, inputs.axis)
    center, scale = inputs.beta is not None, inputs.gamma is not None
    yield "_, apply = stax.BatchNorm("
    yield f"    {axes}, epsilon={float(inputs.eps)!r}, center={center}, scale={scale}"
    yield ")"
    own = f"{'bias' if center else '()'}, {'scale' if scale else '()'}"
    yield f"return apply(({own}), x), {{}}"


def _standardize(inputs: Inputs, path: str) -> Iterator[str]:
    axes = layer.summed(inputs.x.ndim, inputs.axis)
    given = "" if inputs.training else ", mean=wide(mean), variance=wide(var)"
    algorithm = "stable" if path.endswith("_stable") else "fast"
    told = f'epsilon={float(inputs.eps)!r}, algorithm="{algorithm}"{given}'
    yield f"wide = lambda value: jnp.expand_dims(value, {axes})"
    yield f"y = jax.nn.standardize(x, {axes}, {told})"
    if inputs.gamma is not None:
        yield "y = y * wide(scale)"
    if inputs.beta is not None:
        yield "y = y + wide(bias)"
    yield "return y, {}"
