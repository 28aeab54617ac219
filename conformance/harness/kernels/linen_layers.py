"""An instance of a `flax.linen.Module` class, and its variables, which live beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
from flax import traverse_util  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.arrays import RUNNING
from conformance.harness.kernels import flax_variables

Flat: TypeAlias = dict[tuple[str, ...], Any]
"""Variables by their paths, the collection first."""

LEARNED = "params"


def initial(layer: Any, x: Any, words: Mapping[str, bool]) -> Flat:
    """The variables that a layer makes for itself."""
    return flat(layer.init(jax.random.key(0), x, **words))


def flat(variables: Any) -> Flat:
    """Variables by their paths."""
    return dict(traverse_util.flatten_dict(variables))


def places(layer: Any, variables: Flat) -> dict[str, tuple[str, ...]]:
    """Where a layer, or a module in it, has what the contract names."""
    return flax_variables.places(((path, path[-1]) for path in variables), _name(layer))


def give(layer: Any, variables: Flat, given: Mapping[str, Any]) -> Flat:
    """The variables with arrays in the place of their values, in the layer's own shapes."""
    flax_variables.require(given, (path[-1] for path in variables), _name(layer))
    return variables | {
        path: flax_variables.fitted(name, given[name], variables[path])
        for name, path in places(layer, variables).items()
        if name in given
    }


def call(layer: Any, variables: Flat, x: Any, words: Mapping[str, bool]) -> tuple[Any, Flat]:
    """y, and the variables that a call may change as it left them."""
    kept = sorted({path[0] for path in variables} - {LEARNED})
    nested = traverse_util.unflatten_dict(variables)
    y, left = layer.apply(nested, x, **words, mutable=kept)
    return y, flat(left)


def shown(layer: Any, variables: Flat) -> dict[str, Any]:
    """The running statistics among the variables, each with one axis."""
    found = {n: path for n, path in places(layer, variables).items() if n in RUNNING}
    return {name: jnp.ravel(variables[path]) for name, path in found.items()}


def once(
    layer: Any, given: Mapping[str, Any], x: Any, words: Mapping[str, bool], *, training: bool
) -> tuple[Any, dict[str, Any]]:
    """One call of a new instance: y, and the running statistics after it."""
    variables = give(layer, initial(layer, x, words), given)
    if not training:
        flax_variables.require_running(places(layer, variables))
    y, left = call(layer, variables, x, words)
    return y, shown(layer, variables | left)


def _name(layer: Any) -> str:
    return type(layer).__name__
