"""From numpy to one compiled JAX call of a layer, and back.

A path gives a forward function: from a dict of arrays, and eps, momentum, axis and training by
keyword, to y and a dict of other outputs.  It is compiled once per signature together with its
gradient, and few compiled programs are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
import numpy as np

from conformance.case import Actual, Array, Inputs

Arrays: TypeAlias = dict[str, Any]
Forward: TypeAlias = Callable[..., tuple[Any, Arrays]]

KEPT = 64
"""Compiled programs that are kept; each case of a catalogue tends to have its own shape."""


def run(forward: Forward, inputs: Inputs) -> Actual:
    """Call `forward` on `inputs`, compiled; absent arrays are absent from its dict too."""
    return call(forward, inputs.given(), settings(inputs))


def settings(inputs: Inputs) -> dict[str, Any]:
    """What is no array; layers take these as Python's numbers, so they are compiled in."""
    return {
        "eps": float(inputs.eps),
        "momentum": float(inputs.momentum),
        "axis": inputs.axis,
        "training": inputs.training,
    }


def call(forward: Forward, arrays: Mapping[str, Array], static: Mapping[str, Any]) -> Actual:
    """Call `forward`, compiled for these shapes, types and settings."""
    signature = tuple((name, a.shape, str(a.dtype)) for name, a in arrays.items())
    if _compiled.cache_info().currsize == KEPT:
        # Dropping the functions frees nothing: JAX's own caches hold the programs.
        _compiled.cache_clear()
        jax.clear_caches()
    compiled = _compiled(forward, signature, tuple(static.items()))
    outputs = compiled({name: jnp.asarray(a) for name, a in arrays.items()})
    return {name: np.asarray(output) for name, output in outputs.items()}


@lru_cache(maxsize=KEPT)
def _compiled(
    forward: Forward,
    signature: tuple[Any, ...],  # noqa: ARG001 - part of the key: one program, one compilation
    static: tuple[tuple[str, Any], ...],
) -> Callable[[Arrays], Arrays]:
    whole = partial(_differentiate, partial(forward, **dict(static)))
    compiled: Callable[[Arrays], Arrays] = jax.jit(whole)
    return compiled


def _differentiate(forward: Forward, arrays: Arrays) -> Arrays:
    """Call `forward` and pull `dy` back through it by x, gamma and beta, where there is one."""
    by = {name: arrays[name] for name in ("x", "gamma", "beta") if name in arrays}
    if "dy" not in arrays:
        y, others = forward(arrays)
        return {"y": y, **others}
    y, pull_back, others = jax.vjp(lambda by: forward({**arrays, **by}), by, has_aux=True)
    (gradients,) = pull_back(arrays["dy"])
    return {"y": y, **others, **{f"d{name}": value for name, value in gradients.items()}}
