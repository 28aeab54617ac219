"""Masks: which values the statistics of a batch are of.

Each is a `Mask`: how to make it for a shape, and the words that say so.  In the words, u are the
numbers of `conformance.cases.catalogue.stream`, drawn in the order of the axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from conformance.case import Array, Inputs
from conformance.cases.catalogue.stream import Stream


@dataclass(frozen=True, slots=True)
class Mask:
    """A way of making a mask.

    Attributes:
        about: What it is.
        draw: From a stream and a call of which shape and axis are known, bool, of as many axes.
        outside: What the values of x that it leaves out are multiplied with.
    """

    about: str
    draw: Callable[[Stream, Inputs], Array]
    outside: float = 1.0

    def times(self, factor: float) -> Mask:
        """The same mask, and values of x outside of it that are multiplied by `factor`."""
        about = f"{self.about}, x times {factor:g} where it is 0"
        return replace(self, about=about, outside=factor)


def _others(call: Inputs) -> list[int]:
    """The axes that are no channel axis."""
    return [a for a in range(call.x.ndim) if a not in call.channel_axes]


def _along(call: Inputs, axes: list[int]) -> tuple[int, ...]:
    return tuple(size if axis in axes else 1 for axis, size in enumerate(call.x.shape))


def _random(stream: Stream, shape: tuple[int, ...], part: float) -> Array:
    """Random places: the last is left out, and the first two are kept if there are so many."""
    drawn = stream.uniform(math.prod(shape)).reshape(shape) < part
    drawn.reshape(-1)[-1:] = False
    drawn.reshape(-1)[:2] = True
    return drawn


def _lengths(stream: Stream, call: Inputs) -> Array:
    first, second = (_others(call) * 2)[:2]
    if first == second:  # of one axis a piece is one length
        kept = np.arange(call.x.shape[first]) < max(1, call.x.shape[first] * 2 // 3)
        return np.asarray(kept.reshape(_along(call, [first])))
    size = call.x.shape[second]
    lengths = 1 + np.floor(stream.uniform(call.x.shape[first]) * size).reshape(-1, 1)
    kept = np.arange(size) < lengths
    kept[0] = True
    return np.asarray(kept.reshape(_along(call, [first, second])))


LENGTHS = Mask(
    "a row for each sample, of ones and then zeros: 1 + floor(u size) ones, the first row all",
    _lengths,
)
"""Sequences of different length, padded at their end."""

POSITIONS = Mask(
    "u < 0.6 at every position, the first two ones and the last a zero",
    lambda stream, call: _random(stream, _along(call, _others(call)), 0.6),
)
"""Positions, the same for all channels."""

SAMPLES = Mask(
    "u < 0.6 for every sample, the first two ones and the last a zero",
    lambda stream, call: _random(stream, _along(call, _others(call)[:1]), 0.6),
)
"""Whole samples: a mask that has one axis of its own."""


def _values(stream: Stream, call: Inputs) -> Array:
    kept = stream.uniform(call.x.size).reshape(call.x.shape) < 0.6  # noqa: PLR2004 - as told
    ends = (slice(None) if a in call.channel_axes else slice(2) for a in range(kept.ndim))
    kept[tuple(ends)] = True
    return kept


VALUES = Mask("u < 0.6 for every value, the first two of each axis ones", _values)
"""Values: a count of its own for every channel."""


def _first(count: int) -> Callable[[Stream, Inputs], Array]:
    def draw(_: Stream, call: Inputs) -> Array:
        kept = np.zeros(_along(call, _others(call)), np.bool_)
        kept.reshape(-1)[1 : 1 + count] = True
        return kept

    return draw


ONE = Mask("one at the second position, zeros else", _first(1))
TWO = Mask("ones at the second and the third position, zeros else", _first(2))
NONE = Mask("zeros", _first(0))
