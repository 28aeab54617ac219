"""Independent calls: of each, the errors say one thing.

Elements of a channel share the errors of its mean and inv_std, and channels those of eps, momentum
and the rounded 1 / M.  So each call has a number of values, data, eps, momentum and parameters of
its own, and counts as one observation.  The stored cases share x and the number of values and
cannot serve for this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Inputs
from conformance.float_types import dtype_of

CALLS = 128
"""Calls of one combination of types: more than the 54 without which no sign test reaches 1e-9."""

LEAST = 64
"""Calls that must be answered for anything to be told."""

_FEWEST = 5
_CHANNELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all calls of a battery have in common.

    Attributes:
        types: Types of x and, after a ``+``, of the parameters.
        ndim: Axes of x; all but the channel axis and the first other one have the size 1.
        axis: The channel axis, from 0.
        gradients: Whether dy is given.
    """

    types: str
    ndim: int = 2
    axis: int = 1
    gradients: bool = True


def calls(frame: Frame, seed: str) -> Iterator[Inputs]:
    """`CALLS` calls in training mode, each with another number of values from 5 on.

    The same frame and seed give the same calls with the same numpy.

    Args:
        frame: What they have in common.
        seed: Secret before they are asked.
    """
    rng = np.random.default_rng([*hashlib.sha256(f"{seed}/{frame.types}".encode()).digest()])
    for count in rng.permutation(np.arange(_FEWEST, _FEWEST + 2 * CALLS))[:CALLS].tolist():
        yield _call(rng, count, frame)


def _call(rng: np.random.Generator, count: int, frame: Frame) -> Inputs:
    x_type, _, other = frame.types.partition("+")
    x_dtype, dtype, C = dtype_of(x_type), dtype_of(other or x_type), _CHANNELS
    offset = rng.standard_normal(C) * rng.choice([0.3, 3.0])
    deviation, along = np.exp(rng.standard_normal(C)), rng.standard_normal(C)
    noise = rng.standard_normal((count, C))
    dy = rng.standard_normal((count, C)) / 2 + noise * along + rng.standard_normal(C)

    def like_x(rows: Array) -> Array:
        shape = [1] * frame.ndim
        shape[0 if frame.axis else 1], shape[frame.axis] = count, C
        laid = rows if frame.axis else rows.T
        return np.ascontiguousarray(laid.astype(x_dtype)).reshape(shape)

    def column(values: Array) -> Array:
        return values.astype(dtype)

    signs = rng.choice([-1.0, 1.0], C)
    return Inputs(
        x=like_x(noise * deviation + offset),
        dy=like_x(dy) if frame.gradients else None,
        gamma=column(signs * np.exp(rng.standard_normal(C) / 2)),
        beta=column(rng.standard_normal(C)),
        running_mean=column(rng.standard_normal(C)),
        running_var=column(np.exp(rng.standard_normal(C))),
        eps=float(np.exp(rng.uniform(-10, -1))),
        momentum=float(rng.uniform(0.05, 0.95)),
        axis=frame.axis,
    )
