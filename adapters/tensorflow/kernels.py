"""Which kernels of the fused operation this machine has: tried once, on the smallest call.

oneDNN has those for bfloat16 only on processors that know it, and TensorFlow's own kernels have no
gradient in test mode in channels-first order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.adapter import Probe
from conformance.case import Actual, Inputs

from . import operation
from .calling import Mode

GRADIENTS = ("dx", "dgamma", "dbeta")

REFUSALS = (
    "is_training=False only support NHWC tensor format",
    "could not create a primitive descriptor",
)
"""TensorFlow's own words, and oneDNN's, where there is no such kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Calls that one kernel serves: type of x, axis order at its rank, mode."""

    dtype: str
    data_format: str
    training: bool

    def __str__(self) -> str:
        """As a reason names it."""
        return f"{self.dtype}, {self.data_format}, {'training' if self.training else 'test mode'}"


def kind(inputs: Inputs, order: str) -> Kind:
    """The kind of a call."""
    return Kind(
        dtype=str(inputs.x.dtype),
        data_format=operation.data_format(inputs, order),
        training=inputs.training,
    )


@cache
def refusal(tried: Kind, *, gradient: bool) -> str | None:
    """How TensorFlow refuses the smallest call of a kind; None where it has the kernel."""
    images = tf.ones([2] * len(tried.data_format), tried.dtype)
    channels = ("gamma", "beta", "running_mean", "running_var")
    given = {"x": images, **dict.fromkeys(channels, tf.ones(2))}
    if gradient:
        given["dy"] = images
    try:
        operation.fused(
            given, data_format=tried.data_format, training=tried.training, eps=1.0, factor=0.5
        )
    except (tf.errors.InvalidArgumentError, tf.errors.AbortedError) as error:
        for words in REFUSALS:
            if words in str(error):
                return words
        raise
    return None


def probes(order: str) -> tuple[Probe, ...]:
    """What a path of that axis order asks of the machine, but for those under XLA."""
    formats = (order, order.replace("H", "DH"))
    kinds = [
        Kind(dtype=dtype, data_format=data_format, training=training)
        for dtype, data_format, training in product(
            ("float32", "float16", "bfloat16"), formats, (True, False)
        )
    ]
    calls = (
        Probe(
            name=str(tried), concerns=_is(tried, order), ask=partial(refusal, tried, gradient=False)
        )
        for tried in kinds
    )
    gradients = (
        Probe(
            name=f"the gradient of {tried}",
            concerns=_is(tried, order, gradient=True),
            ask=partial(refusal, tried, gradient=True),
            outputs=GRADIENTS,
        )
        for tried in kinds
    )
    return (*calls, *gradients)


def _is(tried: Kind, order: str, *, gradient: bool = False) -> Callable[[Inputs], bool]:
    """Whether a call is of a kind; an empty batch asks for no kernel."""
    return lambda inputs: (
        inputs.x.size > 0 and not (gradient and inputs.dy is None) and kind(inputs, order) == tried
    )


def run(inputs: Inputs, *, order: str, mode: Mode) -> Actual:
    """Run the fused operation, without a gradient where this machine has none."""
    if inputs.dy is not None and inputs.x.size and refusal(kind(inputs, order), gradient=True):
        # y exists all the same, and is worth comparing.
        inputs = replace(inputs, dy=None)
    return operation.run(inputs, order=order, mode=mode)
