"""From numpy to one compiled JAX call, and back.

A path gives a `Program`: a function of a dict of arrays and of eps and momentum that returns a
dict of outputs.  It is compiled once per signature, and few compiled programs are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeAlias

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
import numpy as np

from conformance.case import Actual, Inputs

# Without this JAX turns float64 into float32, and says nothing.
jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's own signature

Arrays: TypeAlias = dict[str, Any]
Forward: TypeAlias = Callable[..., tuple[Any, Arrays]]
Signature: TypeAlias = tuple[tuple[str, tuple[int, ...], str], ...]

KEPT = 64
"""Compiled programs that are kept; each case of a catalogue tends to have its own shape."""


def run_layer(forward: Forward, inputs: Inputs, **static: Any) -> Actual:
    """Call a layer on `inputs`, compiled together with its gradient.

    Layers take eps and momentum as Python's numbers, so these are compiled in.

    Args:
        forward: From the arrays that are given, and eps, momentum, axis, training and all of
            `static` by keyword, to ``(y, other outputs)``.
        inputs: The call.
        **static: Values to compile in.
    """
    numbers = {"eps": float(inputs.eps), "momentum": float(inputs.momentum)}
    return run(_differentiated, inputs, forward=forward, **numbers, **static)


def _differentiated(arrays: Arrays, *, forward: Forward, **options: Any) -> Arrays:
    return differentiate(partial(forward, **options), arrays)


def run(program: Callable[..., Arrays], inputs: Inputs, **static: Any) -> Actual:
    """Call `program` on `inputs`, compiled.

    Args:
        program: Takes the arrays that are given, by name, then `eps` and `momentum` unless they
            are among `static`, then `axis`, `training` and all of `static` by keyword.
        inputs: The call; a missing array is missing from the dict too.
        **static: Values to compile in.

    Returns:
        What the program returned, each array in the type that JAX gave it.
    """
    arrays = inputs.given()
    if inputs.mask is not None:
        arrays["mask"] = inputs.mask
    signature = tuple((name, a.shape, str(a.dtype)) for name, a in arrays.items())
    values = {"axis": inputs.axis, "training": inputs.training, **static}
    if _compiled.cache_info().currsize == KEPT:
        # Measured: dropping the functions frees nothing, JAX's own caches hold the programs, at
        # 1.3 MB for each.
        _compiled.cache_clear()
        jax.clear_caches()
    compiled = _compiled(program, signature, tuple(values.items()))
    # Python floats stay weakly typed when traced: float32 arrays stay float32 beside them.
    traced = {
        name: float(getattr(inputs, name)) for name in ("eps", "momentum") if name not in values
    }
    outputs = compiled({name: jnp.asarray(a) for name, a in arrays.items()}, **traced)
    return {name: np.asarray(output) for name, output in outputs.items()}


@lru_cache(maxsize=KEPT)
def _compiled(
    program: Callable[..., Arrays],
    signature: Signature,  # noqa: ARG001 - part of the key: one program holds one compilation
    static: tuple[tuple[str, Any], ...],
) -> Callable[..., Arrays]:
    compiled: Callable[..., Arrays] = jax.jit(partial(program, **dict(static)))
    return compiled


def differentiate(forward: Callable[[Arrays], tuple[Any, Arrays]], arrays: Arrays) -> Arrays:
    """Call `forward` and pull `dy` back through it, where there is one.

    Args:
        forward: From the arrays to ``(y, other outputs)``.
        arrays: The arrays of the call; gradients are taken by x, gamma and beta.

    Returns:
        y, the other outputs, and dx, dgamma and dbeta as far as they are due.
    """
    by = {name: arrays[name] for name in ("x", "gamma", "beta") if name in arrays}
    if "dy" not in arrays:
        y, others = forward(arrays)
        return {"y": y, **others}
    y, pull_back, others = jax.vjp(lambda by: forward({**arrays, **by}), by, has_aux=True)
    (gradients,) = pull_back(arrays["dy"])
    return {"y": y, **others, **{f"d{name}": value for name, value in gradients.items()}}
