"""What XLA lacks on this machine, which the path on JAX compiles with."""

from __future__ import annotations

from conformance.adapter import Probe
from conformance.case import Inputs

REFUSAL = "Failed to materialize symbols"
"""XLA's words where a processor cannot convert float16 and no function of its own does."""


def _refusal() -> str | None:
    """How XLA refuses to convert float16; None where it does."""
    import jax  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - of this backend's worker alone

    half = jax.numpy.ones(8, "float16")
    try:
        jax.jit(lambda x: (x.astype("float32") * 2).astype("float16"))(half)
    except jax.errors.JaxRuntimeError as error:
        if REFUSAL in str(error):
            return REFUSAL
        raise
    return None


def _has_half(inputs: Inputs) -> bool:
    return "float16" in (str(inputs.x.dtype), str(inputs.parameter_dtype))


HALF = Probe(name="float16 under XLA", concerns=_has_half, ask=_refusal)
