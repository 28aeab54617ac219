"""``equinox.nn.BatchNorm`` under ``jax.vmap``, its parameters and state given.

The layer sees one sample, of shape (C, ...), and takes its statistics over the axis of the vmap.
In mode "batch" it keeps sums that test mode divides by 1 - momentum^n; a layer that has seen many
batches divides by 1.  In mode "ema", which "legacy" is another word for, it keeps averages.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import equinox as eqx  # type: ignore[import-not-found, unused-ignore]  # checked without it too
import jax  # type: ignore[import-not-found, unused-ignore]  # the same
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from ..jax import calling

TRAINED = 2**30
"""Batches that the layer has seen: no momentum of a case but 1 has a power of that size left."""


def run(inputs: Inputs, mode: str) -> Actual:
    """Run one call of the layer in a mode, compiled; (N, C, ...) whatever the layout of x."""
    if (inputs.gamma is None) != (inputs.beta is None):
        raise Unsupported("channelwise_affine: weight and bias, or neither")
    (axis,) = inputs.channel_axes
    x, dy = inputs.x, inputs.dy
    moved = replace(
        inputs,
        x=layout.channels_first(x, axis),
        dy=None if dy is None else layout.channels_first(dy, axis),
        axis=1,
    )
    found = dict(calling.run_layer(_forward, moved, mode=mode))
    for name in found.keys() & set(LIKE_X):
        found[name] = layout.from_channels_first(found[name], axis)
    return found


def _forward(
    arrays: calling.Arrays, *, eps: float, momentum: float, axis: int, training: bool, mode: str
) -> tuple[Any, calling.Arrays]:
    x, given = arrays["x"], "running_mean" in arrays
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the default mode is slow
        layer, state = eqx.nn.make_with_state(eqx.nn.BatchNorm)(
            x.shape[axis],
            axis_name="batch",
            eps=eps,
            channelwise_affine="gamma" in arrays,
            momentum=1 - momentum,
            inference=not training,
            dtype=x.dtype,
            mode=mode,
        )
    if "gamma" in arrays:
        own = arrays["gamma"], arrays["beta"]
        layer = eqx.tree_at(lambda layer: (layer.weight, layer.bias), layer, own)
    if given:
        state = _filled(layer, state, (arrays["running_mean"], arrays["running_var"]))
    over = jax.vmap(layer, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
    y, state = over(x, state)
    kept = state.get(index(layer)) if given else ()
    return y, dict(zip(("running_mean", "running_var"), kept, strict=False))


def index(layer: Any) -> Any:
    """Where the layer keeps its two statistics."""
    return layer.batch_state_index if layer.mode == "batch" else layer.ema_state_index


def _filled(layer: Any, state: Any, statistics: tuple[Any, Any]) -> Any:
    """The state of a layer that has seen batches before."""
    state = state.set(index(layer), statistics)
    if layer.mode == "batch":
        seen = state.get(layer.batch_counter)
        return state.set(layer.batch_counter, jnp.full_like(seen, TRAINED))
    return state.set(layer.ema_first_time_index, jnp.array(False))  # noqa: FBT003 - a value
