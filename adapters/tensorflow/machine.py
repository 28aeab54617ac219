"""What XLA does on this machine: tried once, on the smallest program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.adapter import Probe
from conformance.case import Inputs

REFUSAL = "Failed to materialize symbols"
"""XLA's words where a processor cannot convert float16 and no function of its own does."""


def _compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    return tf.function(function, jit_compile=True, autograph=False)(*arguments)


def fuses() -> bool:
    """Whether XLA multiplies and adds in one instruction, with one rounding."""
    # The product is no float32: what is left of it is the rounding that did not happen.
    x = tf.constant([1.0 + 2.0**-12] * 8)
    return bool(tf.reduce_any(_compiled(lambda a, b: a * a - b, x, x * x) != 0))


def _refusal() -> str | None:
    """How XLA refuses to convert float16; None where it does."""
    half = tf.ones(8, tf.float16)
    try:
        _compiled(lambda x: tf.cast(tf.cast(x, tf.float32) * 2, tf.float16), half)
    except tf.errors.InternalError as error:
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
    x = tf.constant([1.0 + 2.0**-6] * 64, tf.float16)
    return bool(tf.reduce_any(_compiled(lambda a, b: a * a - b, x, x * x) != 0))


def _has_half(inputs: Inputs) -> bool:
    return "float16" in (str(inputs.x.dtype), str(inputs.parameter_dtype))


HALF = Probe(name="float16 under XLA", concerns=_has_half, ask=_refusal)
