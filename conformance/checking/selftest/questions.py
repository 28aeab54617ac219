"""The calls that a path is asked: ordinary numbers, in every shape, type and mode that it takes.

Their values are such that each mistake shows: gamma far from 1, beta far from 0, running
statistics far from the batch's, eps and momentum far from every default, few values per channel,
so that a variance divided by M and one divided by M - 1 differ.  Every type holds them exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from conformance.case import Array, Inputs
from conformance.float_types import HALVES, dtype_of

_SINGLE = dtype_of("float32")
_TYPES = (_SINGLE, dtype_of("float64"), *map(dtype_of, HALVES))
_SHAPES = {4: (2, 5, 3, 4), 2: (6, 4), 3: (4, 5, 2), 5: (2, 5, 3, 2, 4)}
"""Channels first; they are as many as no other axis is long: what is not moved back is seen."""

_EQUAL = {4: (2, 3, 2, 3), 3: (4, 3, 3), 5: (2, 3, 2, 2, 3)}
"""The second and the last axis are as long, so that a wrong one does not fail but is seen."""

_MIDDLE = {4: (2, 3, 3, 2), 5: (2, 3, 3, 2, 2)}
"""The channels in axis 2, and axis 1 as long."""

EPS, MOMENTUM = 0.5, 0.75
_FLAT = 2
"""The rank of (N, C), which has one layout."""


def ordinary() -> Iterator[Inputs]:
    """The most telling call first; a path is asked until it answers one.

    Training tells more, so test mode is asked first only of a path that has nothing else.
    """
    for training, rank, dtype in product((True, False), _SHAPES, _TYPES):
        yield _call(_SHAPES[rank], dtype, training=training)


def following(first: Inputs) -> Iterator[Inputs]:
    """The calls after the one that was answered, of its type where they do not say otherwise.

    All of them are in test mode where that one was: the path has no other.
    """
    for inputs in _following(first):
        if first.training:
            yield inputs
        elif inputs.running_mean is not None:
            yield replace(inputs, training=False)


def _following(first: Inputs) -> Iterator[Inputs]:
    dtype, shape = first.x.dtype, first.x.shape
    yield replace(first, training=False)
    # Other numbers in the same shapes: what is kept from the call before shows.
    yield _call(shape, dtype, draw=2, eps=2.0, momentum=0.625)
    yield from _layouts(dtype, len(shape) if len(shape) > _FLAT else 4)
    yield from (_call(_SHAPES[rank], dtype) for rank in _SHAPES if rank != len(shape))
    yield from _types(first)
    yield from _absent(first)
    yield _call((6, 3, 2), dtype, axis=(1, 2))


def _layouts(dtype: np.dtype[Any], rank: int) -> Iterator[Inputs]:
    samples, channels, *rest = _SHAPES[rank]
    last = (samples, *rest, channels)
    yield _call(last, dtype, axis=-1)
    yield _call(_EQUAL[rank], dtype, axis=rank - 1)
    yield _call(_EQUAL[rank], dtype)
    if rank in _MIDDLE:
        yield _call(_MIDDLE[rank], dtype, axis=2)
    yield _call(last, dtype, axis=rank - 1, training=False)


def _types(first: Inputs) -> Iterator[Inputs]:
    pairs = [(t, t) for t in _TYPES if t != first.x.dtype]
    pairs += [(t, _SINGLE) for t in _TYPES if t.itemsize < _SINGLE.itemsize]
    for (dtype, params), training in product(pairs, (True, False)):
        yield _call(first.x.shape, dtype, params=params, training=training)


def _absent(first: Inputs) -> Iterator[Inputs]:
    yield replace(first, gamma=None)
    yield replace(first, beta=None)
    yield replace(first, gamma=None, beta=None)
    yield replace(first, running_mean=None, running_var=None)
    yield replace(first, dy=None)


def _call(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    *,
    params: np.dtype[Any] | None = None,
    axis: int | tuple[int, ...] = 1,
    draw: int = 1,
    **changes: Any,
) -> Inputs:
    random = np.random.default_rng(draw)
    axes = axis if isinstance(axis, tuple) else (axis,)
    channels = tuple(shape[a] for a in axes)
    params = params or dtype

    def eighths(values: Array, of: np.dtype[Any]) -> Array:
        exact: Array = (np.round(values * 8) / 8).astype(of)
        return exact

    # One channel varies by less than eps: only there max(var, eps) is anything else than var.
    spread = np.where(np.arange(int(np.prod(channels))) == 1, 0.5, 3.0).reshape(channels)
    around = [
        shape[a] if a % len(shape) in {c % len(shape) for c in axes} else 1
        for a in range(len(shape))
    ]
    x = random.normal(0.5, 1.0, shape) * spread.reshape(around)
    signs = np.where(np.arange(int(np.prod(channels))).reshape(channels) % 2, -1, 1)
    given: dict[str, Any] = {
        "x": eighths(x, dtype),
        "dy": eighths(random.normal(0.5, 1.0, shape) + x / 4, dtype),
        "gamma": eighths(signs * random.uniform(1.5, 3.0, channels), params),
        "beta": eighths(-signs * random.uniform(3.5, 5.0, channels), params),
        "running_mean": eighths(random.uniform(-6.0, -4.0, channels), params),
        "running_var": eighths(random.uniform(2.0, 4.0, channels), params),
    }
    return Inputs(**{"eps": EPS, "momentum": MOMENTUM, "axis": axis, **given, **changes})


def described(inputs: Inputs) -> str:
    """A call in words."""
    dtype, params = str(inputs.x.dtype), str(inputs.parameter_dtype)
    absent = [n for n in ("gamma", "beta", "running_mean", "dy") if getattr(inputs, n) is None]
    return (
        f"{'training' if inputs.training else 'test mode'}, "
        f"{dtype}{f' with {params} parameters' if params != dtype else ''}, "
        f"x of shape {inputs.x.shape}, axis {inputs.axis}"
        + "".join(f", no {name.replace('_mean', ' statistics')}" for name in absent)
    )
