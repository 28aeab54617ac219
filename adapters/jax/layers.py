"""Flax's two BatchNorm layers, linen and nnx, differentiated by ``jax.vjp``.

Both get ``dtype=x.dtype``, the way to run them in mixed precision: y has the type of x.  Their
momentum weights the OLD value, their running variance is the biased one, and epsilon and momentum
are Python numbers of the module, so they are compiled in.

Both create their statistics in float32 whatever the parameters are, so half-precision ones are
widened on the way in; float64 ones are handed over as they are, in place of the created ones.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
from flax import (  # type: ignore[import-not-found, unused-ignore]  # the same
    linen,
    nnx,
)

from .calling import Arrays


def linen_forward(
    arrays: Arrays,
    *,
    eps: float,
    momentum: float,
    axis: int | tuple[int, ...],
    training: bool,
    **variance: bool,
) -> tuple[Any, Arrays]:
    """One call of ``flax.linen.BatchNorm``."""
    x = arrays["x"]
    layer = linen.BatchNorm(
        use_running_average=not training,
        axis=axis,
        momentum=1 - momentum,
        epsilon=eps,
        dtype=x.dtype,
        use_scale="gamma" in arrays,
        use_bias="beta" in arrays,
        **variance,
    )
    params = {"scale": "gamma", "bias": "beta"}
    stats = _statistics(arrays)
    variables = {
        "params": {own: arrays[name] for own, name in params.items() if name in arrays},
        "batch_stats": stats,
    }
    y, state = layer.apply(variables, x, mask=arrays.get("mask"), mutable=["batch_stats"])
    return y, {f"running_{own}": state["batch_stats"][own] for own in stats}


def nnx_forward(
    arrays: Arrays, *, eps: float, momentum: float, axis: int, training: bool
) -> tuple[Any, Arrays]:
    """One call of ``flax.nnx.BatchNorm``."""
    x = arrays["x"]
    # Built here, inside the traced function: nnx refuses to write the statistics of a layer
    # that was built outside.
    layer = nnx.BatchNorm(
        x.shape[axis],
        use_running_average=not training,
        axis=axis,
        momentum=1 - momentum,
        epsilon=eps,
        dtype=x.dtype,
        use_scale="gamma" in arrays,
        use_bias="beta" in arrays,
        rngs=nnx.Rngs(0),
    )
    if "gamma" in arrays:
        layer.scale = nnx.Param(arrays["gamma"])
    if "beta" in arrays:
        layer.bias = nnx.Param(arrays["beta"])
    stats = _statistics(arrays)
    for own, value in stats.items():
        setattr(layer, own, nnx.BatchStat(value))
    y = layer(x, mask=arrays.get("mask"))
    return y, {f"running_{own}": getattr(layer, own)[...] for own in stats}


def _statistics(arrays: Arrays) -> Arrays:
    given = {own: arrays.get(f"running_{own}") for own in ("mean", "var")}
    return {
        own: value.astype(jnp.promote_types(value.dtype, jnp.float32))
        for own, value in given.items()
        if value is not None
    }
