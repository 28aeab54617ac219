"""The batches that a kernel is asked, in the types and ranks that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.case import Actual, Array, Inputs
from conformance.checking.doctor.finding import Ask
from conformance.errors import ConformanceError, Unsupported
from conformance.float_types import FLOAT_TYPES

_TYPES = tuple(row.dtype for row in FLOAT_TYPES.values())
_SHAPES = {
    2: (3, 3),
    4: (3, 3, 1, 1),
    3: (3, 3, 1),
    5: (3, 3, 1, 1, 1),
}
"""Three values per channel: a variance divided by 2 is half as large again as one divided by 3."""

EPS, MOMENTUM = 0.5, 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call and what came back."""

    inputs: Inputs
    outputs: Actual

    @property
    def values(self) -> Array:
        """The batch as float64, one row per value and one column per channel."""
        C = self.inputs.channel_shape[0]
        return np.moveaxis(_wide(self.inputs.x), self.inputs.channel_axes[0], -1).reshape(-1, C)

    @property
    def y(self) -> Array:
        """The normalized batch in the same form."""
        C = self.inputs.channel_shape[0]
        y = _wide(self.outputs["y"])
        return np.moveaxis(y, self.inputs.channel_axes[0], -1).reshape(-1, C)


def ordinary(dtype: Any, rank: int) -> Inputs:
    """A training call whose every convention shows; numbers that every type holds exactly."""
    # The last channel varies by less than eps, the others by more.
    x = np.array([[0.5, -2.0, 3.0], [4.5, 1.0, 3.5], [-0.5, 2.5, 3.25]])
    dy = np.array([[1.0, 0.5, -1.0], [-0.5, 2.0, 0.25], [0.5, -1.0, 1.5]])
    shape = _SHAPES[rank]
    return Inputs(
        x=x.reshape(shape).astype(dtype),
        dy=dy.reshape(shape).astype(dtype),
        gamma=np.array([1.5, -0.75, 2.0]).astype(dtype),
        beta=np.array([0.25, 1.0, -0.5]).astype(dtype),
        running_mean=np.array([-4.0, 6.0, -8.0]).astype(dtype),
        running_var=np.array([12.0, 16.0, 6.0]).astype(dtype),
        eps=EPS,
        momentum=MOMENTUM,
    )


def ask_any(ask: Ask, **changes: Any) -> Call | None:
    """The answer to an ordinary call in the first type and rank that the kernel takes."""
    for call in ordinary_calls():
        answer = once(ask, replace(call, **changes))
        if answer is not None:
            return answer
    return None


def once(ask: Ask, inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Call | None:
    """The answer to a call, or None."""
    try:
        return Call(inputs=inputs, outputs=ask(inputs, leave_out=leave_out))
    except (Unsupported, ConformanceError):
        return None


def two_values(like: Inputs, half_width: float) -> Inputs:
    """A call of the same type and rank whose every channel is ``+d, -d``: variance d squared."""
    rank = like.x.ndim
    x = np.array([[half_width] * 3, [-half_width] * 3]).reshape(2, *_SHAPES[rank][1:])
    one = np.ones(3)
    return replace(
        like,
        x=x.astype(like.x.dtype),
        dy=np.zeros_like(x).astype(like.x.dtype),
        gamma=one.astype(like.x.dtype),
        beta=(0 * one).astype(like.x.dtype),
    )


RANKS = (4, 5, 3, 2)
"""Ranks for the question about axes: the more axes, the more is told."""


def cube(like: Inputs, rank: int, axis: int) -> Inputs:
    """A call whose every axis is equally long, so that no axis fails for its length.

    Its eps is too small to matter wherever it stands.
    """
    length = 3
    shape = (length,) * rank
    # Irregular, so that every set of axes has another mean.
    x = (np.arange(length**rank) ** 2 * 7 % 41).astype(np.float64).reshape(shape) / 8
    one = np.ones(length)
    dtype = like.x.dtype
    return replace(
        like,
        x=x.astype(dtype),
        dy=np.zeros(shape).astype(dtype),
        gamma=one.astype(dtype),
        beta=(0 * one).astype(dtype),
        running_mean=(0 * one).astype(dtype),
        running_var=one.astype(dtype),
        eps=2.0**-24,
        axis=axis,
    )


def ordinary_calls() -> Iterator[Inputs]:
    """The ordinary call in every rank and type."""
    for rank in _SHAPES:
        for dtype in _TYPES:
            yield ordinary(dtype, rank)


def _wide(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)
