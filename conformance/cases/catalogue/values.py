"""The distributions that problems are drawn from.

Each is a `Values`: how to draw a matrix with one row per channel, and the words that say so.
In the words, n is `Stream.normal` (a fresh one per element), u is `Stream.uniform` in [0, 1), and
an index c means one draw per channel, made before those per element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.cases.catalogue.stream import Stream


@dataclass(frozen=True, slots=True)
class Values:
    """A distribution of numbers.

    Attributes:
        about: What is drawn, in a formula.
        draw: From a stream, a number of channels and a number of values per channel, the values:
            float64 of shape ``(channels, values per channel)``.
    """

    about: str
    draw: Callable[[Stream, int, int], Array]

    def times(self, factor: float) -> Values:
        """The same values, each multiplied by `factor`."""
        return Values(f"{factor:.6g} * ({self.about})", lambda s, c, m: factor * self.draw(s, c, m))

    def relu(self) -> Values:
        """The same values with the negative ones replaced by +0, as after a ReLU."""

        def draw(stream: Stream, channels: int, count: int) -> Array:
            drawn = self.draw(stream, channels, count)
            return np.where(drawn > 0.0, drawn, 0.0)

        return Values(f"max(0, {self.about})", draw)

    def but(self, elements: Mapping[tuple[int, int], float]) -> Values:
        """The same values with single elements replaced: ``{(channel, position): value}``.

        A position counts through a channel in the order of the remaining axes.
        """

        def draw(stream: Stream, channels: int, count: int) -> Array:
            drawn = self.draw(stream, channels, count).copy()
            for (channel, position), value in elements.items():
                drawn[channel, position] = value
            return drawn

        told = ", ".join(f"{v!r} at channel {c}, value {i}" for (c, i), v in elements.items())
        return Values(f"{self.about}; then {told}", draw)

    def but_channel(self, channel: int, other: Values) -> Values:
        """The same values, those of one channel replaced by `other` (drawn afterwards)."""

        def draw(stream: Stream, channels: int, count: int) -> Array:
            drawn = self.draw(stream, channels, count).copy()
            drawn[channel] = other.draw(stream, 1, count)[0]
            return drawn

        return Values(f"{self.about}; channel {channel} is {other.about}", draw)


def normal(mean: float, sd: float) -> Values:
    """One normal distribution for all channels."""
    return Values(f"{mean:.6g} + {sd:.6g} n", lambda s, c, m: mean + sd * s.normal(c, m))


def uniform(low: float, high: float) -> Values:
    """Uniform numbers from `low` up to `high`."""
    width = high - low
    return Values(
        f"uniform in [{low:.6g}, {high:.6g})", lambda s, c, m: low + width * s.uniform(c, m)
    )


def signed(low: float, high: float) -> Values:
    """Uniform magnitudes with alternating sign: odd channels are negative."""

    def draw(stream: Stream, channels: int, count: int) -> Array:
        return _alternating(channels) * uniform(low, high).draw(stream, channels, count)

    return Values(f"uniform in [{low:.6g}, {high:.6g}), negative in odd channels", draw)


def given(*numbers: float) -> Values:
    """The numbers themselves, through channel 0, then channel 1, ..., over again if too few."""

    def draw(_: Stream, channels: int, count: int) -> Array:
        return np.resize(np.array(numbers, dtype=np.float64), (channels, count))

    shown = ", ".join(repr(number) for number in numbers)
    return Values(shown if len(numbers) == 1 else f"[{shown}] channel by channel", draw)


def _draw_varied(stream: Stream, channels: int, count: int) -> Array:
    centre = _alternating(channels) * (0.5 + 2.0 * stream.uniform(channels))
    spread = 0.5 + 1.5 * stream.uniform(channels)
    return centre + spread * stream.normal(channels, count)


VARIED = Values(
    "m_c + s_c n, |m_c| = 0.5 + 2u and < 0 in odd channels, s_c = 0.5 + 1.5u", _draw_varied
)
"""Channels whose means are away from 0 and differ, and whose deviations do too."""


def offset(ratio: float) -> Values:
    """Channels whose mean is `ratio` standard deviations, of alternating sign."""

    def draw(stream: Stream, channels: int, count: int) -> Array:
        spread = 0.5 + 1.5 * stream.uniform(channels)
        return spread * (ratio * _alternating(channels) + stream.normal(channels, count))

    return Values(f"s_c (m + n), m = {ratio:g} and < 0 in odd channels, s_c = 0.5 + 1.5u", draw)


def arranged(deviations: tuple[int, ...], scale: float = 1.0) -> Values:
    """Integers whose mean and variance are exact in any order of summation.

    Args:
        deviations: What the values of each channel deviate from their mean by; they sum to 0.
        scale: A power of two that multiplies the integers.
    """

    def draw(stream: Stream, channels: int, count: int) -> Array:
        table = np.resize(np.array(deviations, dtype=np.float64), (channels, count))
        shuffled = np.take_along_axis(table, stream.order(channels, count), axis=1)
        centre = np.arange(channels, dtype=np.float64)[:, np.newaxis] % 5 - 2.0
        return scale * (centre + shuffled)

    return Values(f"{scale:g} * (c % 5 - 2 + d), d = {list(deviations)} in random order", draw)


def integers(low: int, high: int) -> Values:
    """Integers from `low` to `high`, both included."""
    width = high - low + 1
    return Values(
        f"integer in [{low}, {high}]",
        lambda s, c, m: low + np.floor(width * s.uniform(c, m)),
    )


def _alternating(channels: int) -> Array:
    return 1.0 - 2.0 * (np.arange(channels, dtype=np.float64)[:, np.newaxis] % 2)
