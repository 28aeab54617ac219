"""JAX arrays; the kernel is compiled with `jax.jit` where it can be, and differentiated by vjp."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.arrays import GRADIENT_OF
from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("jax", "jaxlib")
IN_PLACE = False

_KEPT = 64
"""Compiled programs that are kept: each holds about a megabyte."""

_programs: dict[object, Callable[[Any], Any]] = {}


def device() -> str:
    """Where kernels run."""
    return str(jax.default_backend())


def run(
    forward: Forward, fences: Mapping[str, Fenced], leaves: tuple[str, ...], key: object
) -> dict[str, Any]:
    """Call the kernel on JAX arrays, compiled; uncompiled where it cannot be traced."""
    arrays = {name: jnp.asarray(fence.array) for name, fence in fences.items()}
    if any(arrays[name].dtype != fence.flat.dtype for name, fence in fences.items()):
        raise Unsupported("no float64: JAX_ENABLE_X64 is off")

    def program(arrays: Any) -> Any:
        return _differentiated(forward, arrays, leaves) if leaves else forward(arrays)

    signature = tuple((name, a.shape, str(a.dtype)) for name, a in arrays.items())
    whole = (signature, leaves, key)
    if whole not in _programs:
        if len(_programs) >= _KEPT:
            _programs.clear()
            jax.clear_caches()
        _programs[whole] = jax.jit(program)
    try:
        return dict(_programs[whole](arrays))
    except jax.errors.JAXTypeError:
        _programs[whole] = program
        return dict(program(arrays))


def _differentiated(forward: Forward, arrays: Any, leaves: tuple[str, ...]) -> dict[str, Any]:
    def split(by: Any) -> tuple[Any, dict[str, Any]]:
        found = forward({**arrays, **by})
        if "y" not in found:
            raise AdapterError(
                f"the kernel returned {', '.join(found)}: without y or dy there is nothing to "
                "differentiate. Return y, or take dy and return the gradients."
            )
        return found.pop("y"), found

    y, pull_back, rest = jax.vjp(split, {name: arrays[name] for name in leaves}, has_aux=True)
    # A y of the wrong type is the judge's affair: its gradients are looked at all the same.
    (gradients,) = pull_back(arrays["dy"].astype(y.dtype))
    return {"y": y, **rest, **{GRADIENT_OF[name]: value for name, value in gradients.items()}}
