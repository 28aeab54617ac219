"""An instance of a `flax.nnx.Module` class: what it is given, what it is told, what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
from flax import nnx  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.arrays import RUNNING
from conformance.errors import Unsupported
from conformance.harness.kernels import flax_variables

Place: TypeAlias = tuple[tuple[Any, ...], Any, str]
"""Where a variable is: the path to its module, the module, and its name there."""

_MODES = ("use_running_average", "deterministic", "training")
"""Attributes that tell a module its mode."""


def places(layer: Any) -> dict[str, Place]:
    """Where a layer, or a module in it, has what the contract names."""
    return flax_variables.places(((place, place[2]) for place in variables(layer)), _name(layer))


def give(layer: Any, given: Mapping[str, Any]) -> None:
    """Put arrays in the place of the values that it was made with, in its own shapes."""
    flax_variables.require(given, (own for *_, own in variables(layer)), _name(layer))
    for name, (_, module, own) in places(layer).items():
        if name in given:
            variable = getattr(module, own)
            value = flax_variables.fitted(name, given[name], variable[...])
            setattr(module, own, variable.copy(value))


def tell(layer: Any, words: Mapping[str, bool], *, training: bool) -> None:
    """Tell a layer and the modules in it the mode, by the attributes that they have.

    Raises:
        Unsupported: it has none, its call takes no word for it, and test mode is due.
    """
    if training:
        layer.train(training=True)
    else:
        layer.eval(training=False)
    told = any(word in vars(module) for _, module in nnx.iter_modules(layer) for word in _MODES)
    if not training and not told and not words:
        raise Unsupported("no test mode: the layer has no use_running_average")
    if not training:
        flax_variables.require_running(places(layer))


def shown(layer: Any) -> dict[str, Any]:
    """Its running statistics, each with one axis."""
    found = {n: getattr(m, own) for n, (_, m, own) in places(layer).items() if n in RUNNING}
    return {name: jnp.ravel(variable[...]) for name, variable in found.items()}


def once(
    layer: Any, given: Mapping[str, Any], x: Any, words: Mapping[str, bool], *, training: bool
) -> tuple[Any, dict[str, Any]]:
    """One call of a new instance: y, and the running statistics after it."""
    give(layer, given)
    tell(layer, words, training=training)
    return layer(x, **words), shown(layer)


def variables(layer: Any) -> Iterator[Place]:
    """Where a layer, or a module in it, has variables."""
    for path, module in nnx.iter_modules(layer):
        for own, value in vars(module).items():
            if isinstance(value, nnx.Variable):
                yield path, module, own


def _name(layer: Any) -> str:
    return type(layer).__name__


def is_mutable(_path: tuple[Any, ...], value: Any) -> bool:
    """Whether a variable is a mutable array of JAX's own, which no function can return."""
    return isinstance(value, nnx.Variable) and bool(value.get_metadata("ref", default=False))


def mutates(layer: Any) -> bool:
    """Whether a layer has such a variable."""
    return any(is_mutable((), getattr(module, own)) for _, module, own in variables(layer))
