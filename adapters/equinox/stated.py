"""What Equinox's layer does where a call says nothing, read from the layer itself."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import equinox as eqx  # type: ignore[import-not-found, unused-ignore]  # checked without it too
import jax  # type: ignore[import-not-found, unused-ignore]  # the same
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same

from .layer import index


def defaults(mode: str) -> dict[str, object]:
    """The defaults of ``equinox.nn.BatchNorm`` in a mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the default mode is slow
        made = eqx.nn.make_with_state(eqx.nn.BatchNorm)(1, axis_name="batch", mode=mode)
    return {
        "eps": float(made[0].eps),
        "momentum": float(made[0].momentum),
        "new_weight": float(_moved(*made)),
        "takes_mask": "mask" in inspect.signature(eqx.nn.BatchNorm.__call__).parameters,
    }


def _moved(layer: Any, state: Any) -> Any:
    """What ones move the running mean of zeros to: a first batch alone may be taken whole."""
    over = jax.vmap(layer, axis_name="batch", in_axes=(0, None), out_axes=(0, None))
    _, state = over(jnp.zeros((2, 1)), state)
    _, state = over(jnp.ones((2, 1)), state)
    return state.get(index(layer))[0][0]
