"""A call of a path as a program in JAX's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Array, Inputs
from conformance.literals import nested

from . import layer

ARGUMENTS = {
    "x": "x",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "running_mean",
    "var": "running_var",
    "dy": "dy",
}
"""Names in the program, and the inputs that they are."""

LEAVES = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}
"""What gradients are taken by, and their names."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    unused = {"mean", "var"} if inputs.training else set()
    found = {name: getattr(inputs, field) for name, field in ARGUMENTS.items()}
    arrays = {n: values for n, values in found.items() if values is not None and n not in unused}
    own = path == "batch_norm"
    lines = [
        "import jax",
        "import jax.numpy as jnp",
        "import numpy as np",
        *(["from jax.example_libraries import stax"] if own else []),
        'jax.config.update("jax_enable_x64", True)',
        "",
        *(_array(name, values) for name, values in arrays.items()),
        "",
        *_function(arrays, list(_layer(inputs) if own else _standardize(inputs, path))),
        f'print(np.asarray(batch_norm({", ".join(arrays)})["{output}"]).tolist())',
    ]
    return "\n".join(lines) + "\n"


def _array(name: str, values: Array) -> str:
    """One array, in numpy, which converts without flushing subnormal numbers."""
    told = f"jnp.{values.dtype}"
    if not values.size:
        return f"{name} = np.zeros({values.shape}, {told})"
    return f"{name} = np.array({nested(values)}, {told})"


def _layer(inputs: Inputs) -> Iterator[str]:
    axes = layer.summed(inputs.x.ndim, inputs.axis)
    center, scale = inputs.beta is not None, inputs.gamma is not None
    yield "_, apply = stax.BatchNorm("
    yield f"    {axes}, epsilon={float(inputs.eps)!r}, center={center}, scale={scale}"
    yield ")"
    own = f"{'beta' if center else '()'}, {'gamma' if scale else '()'}"
    yield f"return apply(({own}), x)"


def _standardize(inputs: Inputs, path: str) -> Iterator[str]:
    axes = layer.summed(inputs.x.ndim, inputs.axis)
    given = "" if inputs.training else ", mean=wide(mean), variance=wide(var)"
    algorithm = "stable" if path.endswith("_stable") else "fast"
    told = f'epsilon={float(inputs.eps)!r}, algorithm="{algorithm}"{given}'
    yield f"wide = lambda value: jnp.expand_dims(value, {axes})"
    yield f"y = jax.nn.standardize(x, {axes}, {told})"
    if inputs.gamma is not None:
        yield "y = y * wide(gamma)"
    if inputs.beta is not None:
        yield "y = y + wide(beta)"
    yield "return y"


def _function(arrays: dict[str, Array], forward: list[str]) -> Iterator[str]:
    """A compiled function of the arrays that differentiates `forward`."""
    leaves = [name for name in LEAVES if name in arrays]
    yield from ("@jax.jit", f"def batch_norm({', '.join(arrays)}):")
    yield f"    def forward({', '.join(leaves)}):"
    yield from (f"        {line}" for line in forward)
    yield ""
    if "dy" not in arrays:
        yield f'    return {{"y": forward({", ".join(leaves)})}}'
    else:
        yield f"    y, pull_back = jax.vjp(forward, {', '.join(leaves)})"
        yield f"    gradients = dict(zip({[LEAVES[name] for name in leaves]}, pull_back(dy)))"
        yield '    return {"y": y, **gradients}'
    yield ""
