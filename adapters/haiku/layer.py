"""``haiku.BatchNorm`` by ``transform_with_state``, its parameters and state given.

Parameters and state have the rank of x, with 1 for the axes that are summed over.  The state of an
average is {counter, hidden, average}: average is hidden divided by 1 - decay^counter, and a
trained layer has a counter so large that they are the same.  Half-precision x beside float32
parameters is what Haiku has policies for: parameters and arithmetic in float32, y in the type of x.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import haiku as hk  # type: ignore[import-not-found, unused-ignore]  # checked without it too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
import jmp  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs

from ..jax import calling

TRAINED = 2**30
"""Batches that the layer has seen: no decay of a case but 1 has a power of that size left."""

_PARAMETERS = {"scale": "gamma", "offset": "beta"}
_AVERAGES = {"mean_ema": "running_mean", "var_ema": "running_var"}
_NAME = "batch_norm"


def run(inputs: Inputs) -> Actual:
    """Run one call of the layer, compiled."""
    return calling.run_layer(_forward, inputs)


def policy(arrays: Mapping[str, Any]) -> jmp.Policy | None:
    """The policy of a mixed call; None where all arrays have one type."""
    types = {str(a.dtype) for name, a in arrays.items() if name not in {"x", "dy"}}
    x = arrays["x"].dtype
    if types <= {str(x)}:
        return None
    return jmp.Policy(param_dtype=jnp.float32, compute_dtype=jnp.float32, output_dtype=x)


def _forward(
    arrays: calling.Arrays,
    *,
    eps: float,
    momentum: float,
    axis: int | tuple[int, ...],
    training: bool,
) -> tuple[Any, calling.Arrays]:
    x, kept = arrays["x"], axis if isinstance(axis, tuple) else (axis,)
    channels = {a % x.ndim for a in kept}
    summed = [a for a in range(x.ndim) if a not in channels]
    layer = hk.transform_with_state(
        lambda x: hk.BatchNorm(
            create_scale="gamma" in arrays,
            create_offset="beta" in arrays,
            decay_rate=1 - momentum,
            eps=eps,
            axis=summed,
        )(x, is_training=training)
    )
    wide = {
        name: jnp.expand_dims(a, summed) for name, a in arrays.items() if name not in {"x", "dy"}
    }
    own = {name: wide[given] for name, given in _PARAMETERS.items() if given in wide}
    chosen = policy(arrays)
    with (
        hk.mixed_precision.push_policy(hk.BatchNorm, chosen) if chosen else contextlib.nullcontext()
    ):
        y, state = layer.apply({_NAME: own} if own else {}, _state(wide), None, x)
    found = {
        given: state[f"{_NAME}/~/{name}"]["average"]
        for name, given in _AVERAGES.items()
        if given in arrays
    }
    return y, {name: jnp.squeeze(average, summed) for name, average in found.items()}


def _state(wide: calling.Arrays) -> dict[str, calling.Arrays]:
    """The state of a layer that has seen many batches; of a new one where none is given."""
    counter = jnp.asarray(TRAINED, jnp.int32)
    return {
        f"{_NAME}/~/{name}": {"counter": counter, "hidden": wide[given], "average": wide[given]}
        for name, given in _AVERAGES.items()
        if given in wide
    }
