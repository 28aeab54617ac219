"""What Flax's layers do where a call says nothing, read from the layers themselves."""

from __future__ import annotations

import inspect

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
from flax import (  # type: ignore[import-not-found, unused-ignore]  # the same
    linen,
    nnx,
)


def of_linen() -> dict[str, object]:
    """The defaults of ``flax.linen.BatchNorm``."""
    layer = linen.BatchNorm(use_running_average=False)
    # The mean 1 moves a running mean of 0 to the weight that it had.
    ones = jnp.ones((2, 1), jnp.float32)
    variables = layer.init(jax.random.key(0), ones)
    _, state = layer.apply(variables, ones, mutable=["batch_stats"])
    return _told(layer, state["batch_stats"]["mean"][0])


def of_nnx() -> dict[str, object]:
    """The defaults of ``flax.nnx.BatchNorm``."""
    layer = nnx.BatchNorm(1, rngs=nnx.Rngs(0))
    layer(jnp.ones((2, 1), jnp.float32))
    return _told(layer, layer.mean[...][0])


def of_operation() -> dict[str, object]:
    """What XLA's operations have of their own: epsilon is an attribute that each must have."""
    return {"eps": None, "takes_mask": False}


def _told(layer: object, weight: object) -> dict[str, object]:
    return {
        "eps": float(layer.epsilon),  # type: ignore[attr-defined]  # of either layer
        "momentum": float(layer.momentum),  # type: ignore[attr-defined]  # the same
        "new_weight": float(weight),  # type: ignore[arg-type]  # one number
        "takes_mask": "mask" in inspect.signature(type(layer).__call__).parameters,
    }
