"""The layer on JAX: ``stateless_call`` under ``jax.jit``, with ``jax.vjp``."""

from __future__ import annotations

from itertools import count
from typing import Any

from conformance.case import Actual, Inputs

from .layer import RUNNING, arrays, built, leaves, options, tensor

_KEPT = 64
"""Compiled programs that are kept; each case of a catalogue tends to have its own shape."""

_calls = count(1)


def run(inputs: Inputs) -> Actual:
    """Call the layer and pull `dy` back through it, compiled."""
    import jax  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - the same

    # Without this JAX turns float64 into float32, and says nothing.
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's own signature
    layer = built(inputs)
    kept, told = [v.value for v in layer.non_trainable_variables], options(inputs)

    def call(x: Any, own: Any) -> Any:
        return layer.stateless_call(own, kept, x, **told)

    def whole(x: Any, own: Any, dy: Any) -> Any:
        if dy is None:
            return *call(x, own), ()
        y, pull_back, after = jax.vjp(call, x, own, has_aux=True)
        dx, gradients = pull_back(dy)
        return y, after, (dx, *gradients)

    own = list(leaves(layer).values())
    dy = None if inputs.dy is None else tensor(inputs.dy)
    y, after, gradients = jax.jit(whole)(tensor(inputs.x), own, dy)
    found = {"y": y, **dict(zip(("dx", *leaves(layer)), gradients, strict=False))}
    if inputs.running_mean is not None:
        found |= dict(zip(RUNNING, after, strict=True))
    answer = arrays(found)
    if next(_calls) % _KEPT == 0:
        jax.clear_caches()
    return answer
