"""Upstream gradients: what the loss is supposed to send back.

Each is an `Upstream`: how to make dy for given x, and the words that say so.  In the words, n and
u are the numbers of `conformance.cases.catalogue.stream`, and xhat is x normalized by its batch's
statistics: float64, sums correctly rounded (`math.fsum`), values that are not finite counted as 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.cases.catalogue.stream import Stream


@dataclass(frozen=True, slots=True)
class Upstream:
    """A way of making dy.

    Attributes:
        about: What dy is, in a formula.
        draw: From a stream, x (float64, one row per channel) and eps, dy of the shape of x.
    """

    about: str
    draw: Callable[[Stream, Array, float], Array]

    def times(self, factor: float) -> Upstream:
        """The same gradient, multiplied by `factor`."""
        return Upstream(
            f"{factor:g} * ({self.about})", lambda s, x, eps: factor * self.draw(s, x, eps)
        )

    def but(self, channel: int, position: int, value: float) -> Upstream:
        """The same gradient with one element replaced."""

        def draw(stream: Stream, x: Array, eps: float) -> Array:
            drawn = self.draw(stream, x, eps).copy()
            drawn[channel, position] = value
            return drawn

        return Upstream(
            f"{self.about}; then {value!r} at channel {channel}, value {position}", draw
        )


def x_hat(x: Array, eps: float) -> Array:
    """Normalized x in float64, every sum rounded once.

    Args:
        x: float64 of shape ``(channels, values per channel)``.
        eps: Added to the variance.
    """
    clean = np.where(np.isfinite(x), x, 0.0)
    return np.array([_standardized(row, eps) for row in clean], dtype=np.float64).reshape(x.shape)


def _standardized(row: Array, eps: float) -> Array:
    if row.size == 0:
        return row
    away = row - math.fsum(row) / row.size
    variance = math.fsum(away * away) / row.size
    return np.asarray(away / math.sqrt(variance + eps))


def constant(value: float) -> Upstream:
    """The same gradient everywhere, as from ``loss = value * y.sum()``."""
    return Upstream(f"{value:g}", lambda _, x, __: np.full_like(x, value))


def level(*slopes: float) -> Upstream:
    """One value per channel, as where the loss is a weighted sum of channels."""

    def draw(_: Stream, x: Array, __: float) -> Array:
        return np.broadcast_to(np.resize(np.array(slopes), (len(x), 1)), x.shape)

    shown = ", ".join(map(repr, slopes))
    return Upstream(f"[{shown}] channel by channel, the same at every value of the channel", draw)


def one_hot(position: int) -> Upstream:
    """1 at one value of each channel, 0 elsewhere, as from ``loss = y[position]``."""

    def draw(_: Stream, x: Array, __: float) -> Array:
        return np.resize(np.where(np.arange(x.shape[1]) == position, 1.0, 0.0), x.shape)

    return Upstream(f"1 at value {position} of each channel, else 0", draw)


def halves(first: float, second: float) -> Upstream:
    """One value in the first half of each channel, another in the second."""

    def draw(_: Stream, x: Array, __: float) -> Array:
        count = x.shape[1]
        return np.resize(np.where(np.arange(count) < count // 2, first, second), x.shape)

    return Upstream(f"{first:g} in the first half of each channel, {second:g} in the second", draw)


def integers(low: int, high: int) -> Upstream:
    """Independent integers from `low` to `high`, both included."""
    width = high - low + 1
    return Upstream(
        f"integer in [{low}, {high}]", lambda s, x, _: low + np.floor(width * s.uniform(*x.shape))
    )


def _centred(stream: Stream, x: Array, _: float) -> Array:
    noise = stream.normal(*x.shape)
    return np.array([row - math.fsum(row) / max(row.size, 1) for row in noise]).reshape(x.shape)


USUAL = Upstream(
    "n/2 + xhat + 0.7", lambda s, x, eps: s.normal(*x.shape) / 2.0 + x_hat(x, eps) + 0.7
)
"""Correlated with x and of nonzero mean: no term of dx vanishes."""

NOISE = Upstream("n", lambda s, x, _: s.normal(*x.shape))
"""Independent of x."""

PARALLEL = Upstream("3 xhat", lambda _, x, eps: 3.0 * x_hat(x, eps))
"""A multiple of xhat: dx is as good as zero, dgamma is largest."""

CENTRED = Upstream("n minus its mean in the channel", _centred)
"""Of zero sum up to rounding: dbeta is as good as zero."""

ALTERNATING = Upstream(
    "+1, -1, +1, ... along each channel",
    lambda _, x, __: np.resize(np.where(np.arange(x.shape[1]) % 2 == 0, 1.0, -1.0), x.shape),
)
"""Integers that cancel."""
