"""The elements of a channel one after the other, in memory order: what a thread block sees."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from conformance.case import Actual, Array, Inputs, Kernel


def columns(values: Array, axes: tuple[int, ...]) -> Array:
    """`values` as ``(n, C)``: row i holds element i of every channel.

    Args:
        values: Any shape.
        axes: The axes that are summed over, ascending.
    """
    first = np.moveaxis(values, axes, range(len(axes)))
    n = int(np.prod(first.shape[: len(axes)], dtype=np.int64))
    channels = int(np.prod(first.shape[len(axes) :], dtype=np.int64))
    return first.reshape(n, channels)


def kept(per_channel: Array, values: Array, axes: tuple[int, ...]) -> Array:
    """One number per channel, ``(C,)``, in the shape that broadcasts against `values`."""
    shape = tuple(1 if a in axes else n for a, n in enumerate(values.shape))
    return per_channel.reshape(shape)


def part(values: Array, axes: tuple[int, ...], stop: int) -> Array:
    """Sum of the elements before `stop` (negative: counted from the end), axes kept."""
    return kept(columns(values, axes)[:stop].sum(axis=0), values, axes)


def rounded_sum(values: Array, axes: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Sum one after the other, rounded to `dtype` after every addition; type of `values`."""
    rows = columns(values, axes)
    running = np.zeros(rows.shape[1], dtype)
    for row in rows:
        running = (running.astype(values.dtype) + row).astype(dtype)
    return kept(running.astype(values.dtype), values, axes)


def block_sum(values: Array, axes: tuple[int, ...], size: int, dtype: np.dtype[Any]) -> Array:
    """Sums of blocks in the type of `values`, then added to each other in `dtype`."""
    rows = columns(values, axes)
    running = np.zeros(rows.shape[1], dtype)
    for start in range(0, len(rows), size):
        running = running + rows[start : start + size].sum(axis=0).astype(dtype)
    return kept(running.astype(values.dtype), values, axes)


def chunk_mean(values: Array, axes: tuple[int, ...], size: int) -> Array:
    """Mean of the chunks' means, the last and shorter chunk counting like any other."""
    rows = columns(values, axes)
    means = [rows[i : i + size].mean(axis=0) for i in range(0, len(rows), size)]
    average = np.mean(means, axis=0) if means else np.full(rows.shape[1], np.nan, values.dtype)
    return kept(average.astype(values.dtype), values, axes)


_CALLS = [0]
"""The number of the call, from which chance is drawn."""


def generator(x: Array) -> np.random.Generator:
    """Chance that depends on the data and on the number of the call, so that every run repeats."""
    return np.random.default_rng([crc32(x.tobytes()), *_CALLS])


def otherwise(kernel: Kernel) -> Kernel:
    """The kernel in a second call, in which chance falls otherwise."""

    def second(inputs: Inputs) -> Actual:
        _CALLS[0] = 1
        try:
            return kernel(inputs)
        finally:
            _CALLS[0] = 0

    return second


def lost_lane(values: Array, axes: tuple[int, ...], x: Array) -> Array:
    """Sum per channel; in some channels one element, drawn from the bytes of `x`, is missing."""
    rows, chance = columns(values, axes).copy(), generator(x)
    n, channels = rows.shape
    if rows.size:
        struck = np.asarray(chance.random(channels) < 1 / 2)
        struck[chance.integers(channels)] = True
        lane = np.asarray(chance.integers(n, size=channels))
        rows[lane[struck], np.flatnonzero(struck)] = 0
    return kept(rows.sum(axis=0), values, axes)
