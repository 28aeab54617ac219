"""The variables of a Flax layer: what each means to the contract, and what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too

from conformance.arrays import RUNNING
from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels.variables import NAMES

_MEANINGS: Mapping[str, str] = MappingProxyType(
    {**NAMES, "mean": "running_mean", "var": "running_var"}
)
"""What its name makes a variable: Flax's own layers call their statistics mean and var."""

_Place = TypeVar("_Place")


def places(listed: Iterable[tuple[_Place, str]], layer: str) -> dict[str, _Place]:
    """Where a Flax layer has what the contract names.

    Args:
        listed: Its variables: a place, and the name that it has there.
        layer: The name of its class, for the message.

    Raises:
        AdapterError: two of them mean the same.
    """
    found: dict[str, _Place] = {}
    for place, own in listed:
        name = _MEANINGS.get(own)
        if name in found:
            raise AdapterError(
                f"{layer} has two variables for {name}, one was wanted. "
                "Give a class with one batch normalization in it, or rename the other variable."
            )
        if name is not None:
            found[name] = place
    return found


def require(wanted: Iterable[str], own: Iterable[str], layer: str) -> None:
    """Refuse a call that gives what a layer has no variable for.

    Args:
        wanted: What the call gives, by the contract's names.
        own: Names of all variables of the layer.
        layer: The name of its class, for the message.

    Raises:
        Unsupported: the layer has no such variable.
        AdapterError: one of its variables may be it, by another name.
    """
    names = list(own)
    there = {_MEANINGS.get(name) for name in names}
    lacking = [name for name in wanted if name not in there]
    strangers = [name for name in names if name not in _MEANINGS]
    if lacking and strangers:
        raise AdapterError(
            f"{layer} has no variable for {', '.join(lacking)}; it has {', '.join(strangers)}, "
            "whose names do not say what they are. Use the names of Flax's own BatchNorm: scale, "
            "bias, mean, var."
        )
    learned = [name for name in lacking if name not in RUNNING]
    if learned:
        raise Unsupported(f"the layer has no variable for {learned[0]}")


def require_running(there: Iterable[str]) -> None:
    """Refuse test mode of a layer that keeps no statistics for it.

    Raises:
        Unsupported: it keeps none.
    """
    if not {*RUNNING} <= {*there}:
        raise Unsupported("no test mode: the layer has no variables mean and var")


def fitted(name: str, value: Any, own: Any) -> Any:
    """An array in the shape of a layer's own, in the type that such a layer would have made.

    Parameters have the type of the call's; statistics too, but float32 at least: Flax's own layers
    make these in float32 whatever the parameters are.
    """
    keeps_wide = name in RUNNING and own.dtype.itemsize >= jnp.dtype(jnp.float32).itemsize
    kind = jnp.promote_types(value.dtype, jnp.float32) if keeps_wide else value.dtype
    if value.size != own.size:
        raise AdapterError(
            f"the layer's variable for {name} has the shape {own.shape}, one value for each of "
            f"{value.size} channels was wanted. Let its constructor be told how many there are."
        )
    return jnp.reshape(jnp.asarray(value, kind), own.shape)
