"""A case that is still to be made: what is known of it before a number is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Inputs, Problem

_WIDE = 8
"""Bytes of an expected value."""

_CHANNELWISE = 8
"""Outputs that have one value for each channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A case that is still to be made.

    Attributes:
        id: Its id.
        sizes: What it is made of.
        make: Makes the problem, every time anew.
    """

    id: str
    sizes: Sizes
    make: Callable[[], Problem]

    @property
    def group(self) -> str:
        """The first half of the id, which is the name of the file."""
        return self.id.split("/", maxsplit=1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a case is.

    Attributes:
        shape: The shape of x.
        values: How many values x has.
        channel: How many of them share a mean.
        batches: How many batches there are, x one of them.
        stored: Bytes of everything that a golden file holds of it.
    """

    shape: tuple[int, ...]
    values: int
    channel: int
    batches: int
    stored: int


def sizes(inputs: Inputs, batches: int) -> Sizes:
    """How large the case of a call is.

    Args:
        inputs: The call; of its arrays shapes and types are looked at, and no values.
        batches: How many batches it has, its x one of them.
    """
    values = math.prod(inputs.x.shape)
    like_x = batches + (inputs.dy is not None)
    channels = math.prod(inputs.channel_shape)
    parameters = len(inputs.given()) - 1 - (inputs.dy is not None)
    stored = (
        values * like_x * inputs.x.dtype.itemsize
        + values * _WIDE * (1 + (inputs.dy is not None))
        + channels * parameters * inputs.parameter_dtype.itemsize
        + channels * _CHANNELWISE * _WIDE
    )
    return Sizes(
        shape=inputs.x.shape, values=values, channel=inputs.count, batches=batches, stored=stored
    )


def unfilled(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Array:
    """An array of a shape and a type that takes no memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)
