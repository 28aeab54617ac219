"""JAX's own normalizations: the layer of its example library, and ``jax.nn.standardize``.

The layer knows the statistics of the batch alone and keeps none.  The function takes others, as a
user gives it the running ones in test mode; the scale and the shift are the user's own there.
"""

from __future__ import annotations

from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
from jax.example_libraries import (  # type: ignore[import-not-found, unused-ignore]  # the same
    stax,
)

from ..jax.calling import Arrays


def summed(rank: int, axis: int | tuple[int, ...]) -> tuple[int, ...]:
    """The axes that are no channel axes."""
    kept = {a % rank for a in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(a for a in range(rank) if a not in kept)


def batch_norm(
    arrays: Arrays,
    *,
    eps: float,
    momentum: float,  # noqa: ARG001 - no running statistics are kept
    axis: int | tuple[int, ...],
    training: bool,  # noqa: ARG001 - the path declares that it has training mode alone
) -> tuple[Any, Arrays]:
    """``stax.BatchNorm``."""
    x, center, scale = arrays["x"], "beta" in arrays, "gamma" in arrays
    _, apply = stax.BatchNorm(summed(x.ndim, axis), epsilon=eps, center=center, scale=scale)
    own = arrays.get("beta", ()), arrays.get("gamma", ())
    return apply(own, x), {}


def standardize(
    arrays: Arrays,
    *,
    eps: float,
    momentum: float,  # noqa: ARG001 - no running statistics are kept
    axis: int | tuple[int, ...],
    training: bool,
    algorithm: str,
) -> tuple[Any, Arrays]:
    """``jax.nn.standardize``, then a scale and a shift."""
    x = arrays["x"]
    axes = summed(x.ndim, axis)
    wide = {n: jnp.expand_dims(a, axes) for n, a in arrays.items() if n not in {"x", "dy"}}
    given = {} if training else {"mean": wide["running_mean"], "variance": wide["running_var"]}
    y = jax.nn.standardize(x, axes, epsilon=eps, algorithm=algorithm, **given)
    if "gamma" in wide:
        y = y * wide["gamma"]
    if "beta" in wide:
        y = y + wide["beta"]
    return y, {}
