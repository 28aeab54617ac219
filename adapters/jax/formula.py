"""Batch normalization as a user of jax.numpy writes it.

The formula is Ioffe and Szegedy 2015, algorithm 1, with ``jnp.var``, which subtracts the mean
before it squares; the gradient is what ``jax.vjp`` makes of it.  Half precision is widened to
float32 inside the differentiated function, so that y and dx are rounded once.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
from jax import lax  # type: ignore[import-not-found, unused-ignore]  # the same

from .calling import Arrays, differentiate


def program(
    arrays: Arrays,
    *,
    eps: Any,
    momentum: Any,  # noqa: ARG001 - the formula keeps no running statistics
    axis: int | tuple[int, ...],
    training: bool,
) -> Arrays:
    """The compiled function: y, statistics and gradients of one call."""
    return differentiate(partial(_forward, eps=eps, axis=axis, training=training), arrays)


def _forward(
    arrays: Arrays, *, eps: Any, axis: int | tuple[int, ...], training: bool
) -> tuple[Any, Arrays]:
    x = arrays["x"]
    compute = jnp.promote_types(x.dtype, jnp.float32)
    wide = x.astype(compute)
    channels = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    axes = tuple(a for a in range(x.ndim) if a not in channels)
    saved: Arrays
    if training:
        mean, var = jnp.mean(wide, axis=axes), jnp.var(wide, axis=axes)
        inv_std = lax.rsqrt(var + eps)
        saved = {"mean": mean, "var": var, "inv_std": inv_std}
    else:
        mean = arrays["running_mean"].astype(compute)
        inv_std = lax.rsqrt(arrays["running_var"].astype(compute) + eps)
        saved = {"inv_std": inv_std}
    y = (wide - jnp.expand_dims(mean, axes)) * jnp.expand_dims(inv_std, axes)
    if "gamma" in arrays:
        y = y * jnp.expand_dims(arrays["gamma"], axes)
    if "beta" in arrays:
        y = y + jnp.expand_dims(arrays["beta"], axes)
    return y.astype(x.dtype), saved
