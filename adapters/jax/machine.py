"""What XLA does on this machine: tried once, on the smallest program."""

from __future__ import annotations

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
import numpy as np

from conformance.adapter import Probe
from conformance.case import Inputs

REFUSAL = "Failed to materialize symbols"
"""XLA's words where a processor cannot convert float16 and no function of its own does."""


def device() -> str:
    """JAX's default device, where all paths run."""
    first = jax.devices()[0]
    return "cpu" if first.platform == "cpu" else f"{first.platform}: {first.device_kind}"


def fuses() -> bool:
    """Whether XLA multiplies and adds in one instruction, with one rounding."""
    # The product is no float32: what is left of it is the rounding that did not happen.
    x = np.full(8, 1.0 + 2.0**-12, np.float32)
    return bool(np.any(np.asarray(jax.jit(lambda a, b: a * a - b)(x, x * x)) != 0))


def _refusal() -> str | None:
    """How XLA refuses to convert float16; None where it does."""
    half = np.ones(8, np.float16)
    try:
        jax.jit(lambda x: (x.astype(jnp.float32) * 2).astype(jnp.float16))(half)
    except jax.errors.JaxRuntimeError as error:
        if REFUSAL in str(error):
            return REFUSAL
        raise
    return None


def converts_half() -> bool:
    """Whether XLA converts float16 here."""
    return _refusal() is None


def computes_half() -> bool:
    """Whether XLA multiplies and adds float16 in one instruction of the processor."""
    if not converts_half():
        return False
    x = np.full(64, 1.0 + 2.0**-6, np.float16)
    return bool(np.any(np.asarray(jax.jit(lambda a, b: a * a - b)(x, x * x)) != 0))


def _has_half(inputs: Inputs) -> bool:
    return "float16" in (str(inputs.x.dtype), str(inputs.parameter_dtype))


HALF = Probe(name="float16 under XLA", concerns=_has_half, ask=_refusal)

TRAITS = {
    "fused-multiply-add": fuses,
    "float16-under-xla": converts_half,
    "float16-arithmetic": computes_half,
}
"""What is found out of XLA for whoever runs on it."""
