"""Calls of batch normalization, drawn at random.

The same things are drawn whatever becomes of them: lowering one never gives another a new
meaning, so that each shrinks by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.case import Array, Inputs, Kind
from conformance.checking.search.frame import Frame, draw_frame, frame_of
from conformance.checking.search.numbers import draw_eps, draw_momentum
from conformance.checking.search.small import Draw, pick
from conformance.checking.search.textures import (
    BYTES,
    Texture,
    draw_simple_texture,
    draw_steep,
    draw_texture,
    fitted,
    values,
)
from conformance.checking.search.wanted import EARLIER, MEMORIES, RANKS, TYPES, Wanted
from conformance.memory import OF_GRADIENTS, following

_AROUND: Mapping[str, float] = MappingProxyType(
    {"gamma": 1.0, "beta": 0.0, "running_mean": 0.0, "running_var": 1.0}
)
"""The parameters, and what they lie around."""

_MASK = st.binary(min_size=31, max_size=31)
_KEPT = 160
"""Of 256: below it a byte keeps its value; bytes shrink to 0."""

_EPS = 1e-5
_LIKE_X = 2 + EARLIER
_ARRAYS = _LIKE_X + len(_AROUND)
_BLOCK = st.binary(min_size=_ARRAYS * BYTES, max_size=_ARRAYS * BYTES)


def inputs(
    *,
    dtypes: Collection[str] = TYPES,
    ranks: Collection[int] = RANKS,
    training: Collection[bool] = (True, False),
    memories: Collection[Kind] = MEMORIES,
    absent: bool = True,
    gradients: bool = True,
    per_activation: bool = True,
    earlier: int = EARLIER,
    empty: bool = True,
    long: bool = False,
    large: bool = False,
    masks: Collection[str] = (),
) -> st.SearchStrategy[Inputs]:
    """Calls of batch normalization; every one is a call that the oracle can solve.

    All values are finite, and of the type that they are given in.  A variance in test mode is
    0 at times and never less.

    Args:
        dtypes: Types of x, after a ``+`` of the parameters, such as ``"float16+float32"``.
        ranks: Ranks of x, from 2 to 5; every axis may be the channel axis.
        training: True for training mode, False for test mode.
        memories: How the arrays may lie in memory; only a dy can be broadcast.
        absent: Whether gamma, beta and (in training) the running statistics may be absent.
        gradients: Whether there may be a dy.
        per_activation: Whether the per-activation mode may be drawn.
        earlier: The most batches that may come before x, up to 2.
        empty: Whether a batch may be empty.
        long: Whether the first axis may have up to 127 elements; what fails there shrinks less.
        large: Whether some axis has one of the sizes at which kernels change their path, up to
            65,537, and others are short; what fails there shrinks to the least of these sizes.
        masks: Which of `conformance.adapter.MASKS` a training call may have at times.

    Returns:
        A strategy whose values shrink to small shapes and small integers.

    Raises:
        InputError: an option is empty or names what does not exist.
    """
    return _calls(
        Wanted(
            dtypes=tuple(dtypes),
            ranks=tuple(ranks),
            training=tuple(training),
            memories=tuple(m for m in memories if gradients or m not in OF_GRADIENTS),
            absent=absent,
            gradients=gradients,
            per_activation=per_activation,
            earlier=earlier,
            empty=empty,
            long=long,
            large=large,
            masks=tuple(sorted(masks)),
        )
    )


@st.composite
def alike(draw: Draw, calls: Sequence[Inputs]) -> Inputs:
    """Calls that are one of those given in all but the values of their arrays.

    Args:
        draw: Given by Hypothesis.
        calls: At least one; the first is the simplest.
    """
    model = pick(draw, tuple(calls))
    return _filled(draw, frame_of(model), model.eps, model.momentum)


@st.composite
def _calls(draw: Draw, wanted: Wanted) -> Inputs:
    frame = draw_frame(draw, wanted)
    eps, momentum = draw_eps(draw), draw_momentum(draw)
    return _filled(draw, frame, eps, momentum)


def _filled(draw: Draw, frame: Frame, eps: float, momentum: float) -> Inputs:
    """The call of a frame, with numbers."""
    over, over_dy = draw_texture(draw, frame.x_type), draw_texture(draw, frame.x_type)
    over_parameters, block = draw_simple_texture(draw), draw(_BLOCK)
    over_dy = draw_steep(draw, over_dy, frame.x_type)
    parts = [block[i : i + BYTES] for i in range(0, len(block), BYTES)]
    call = Inputs(
        x=_like_x(frame, over, parts[0]),
        dy=_like_x(frame, over_dy, parts[1]),
        eps=eps,
        momentum=momentum,
        training=frame.training,
        axis=frame.axis,
        memory=frame.memory,
        earlier=tuple(_like_x(frame, over, part) for part in parts[2 : 2 + frame.earlier]),
    )
    given: dict[str, Any] = _parameters(frame, over_parameters, parts[_LIKE_X:])
    left_out = given | dict.fromkeys(frame.absent)
    if frame.mask:  # the variance of what is kept may be 0
        left_out |= {"mask": _mask(draw, frame), "eps": eps or _EPS}
    return _lying(replace(call, **left_out))


def _mask(draw: Draw, frame: Frame) -> Array:
    """A mask that keeps the first value of every channel, and more or fewer of the others."""
    axes = frame.channel_axes
    shape = [n if frame.mask == "values" or a not in axes else 1 for a, n in enumerate(frame.shape)]
    drawn = np.frombuffer(draw(_MASK), np.uint8)
    kept = np.resize(drawn, shape) < _KEPT
    kept[tuple(slice(None) if a in axes else 0 for a in range(len(shape)))] = True
    return np.asarray(kept)


def _like_x(frame: Frame, over: Texture, part: bytes) -> Array:
    found = fitted(values(over, part, frame.shape, frame.x_type), frame.x_type)
    if over.constant and found.size:
        channels = frame.channel_axes
        first = tuple(0 if a in channels else slice(None) for a in range(len(frame.shape)))
        found[first] = found[(0,) * found.ndim]
    return found


def _parameters(frame: Frame, over: Texture, parts: Sequence[bytes]) -> dict[str, Array]:
    shape = tuple(frame.shape[a] for a in frame.channel_axes)
    found = {}
    for (name, centre), part in zip(_AROUND.items(), parts, strict=True):
        numbers = centre + values(over, part, shape, frame.type)
        found[name] = fitted(np.abs(numbers) if name == "running_var" else numbers, frame.type)
    return found


def _lying(call: Inputs) -> Inputs:
    """The call with equal values where its memory needs them."""
    if call.memory == "merged":
        return replace(call, gamma=call.running_var, beta=call.running_mean)
    if call.memory == "overlapping" and call.dy is not None:
        return replace(call, dy=following(call.x))
    if call.memory == "broadcast" and call.dy is not None:
        axes = call.channel_axes
        first = tuple(slice(None) if a in axes else slice(1) for a in range(call.x.ndim))
        return replace(call, dy=np.broadcast_to(call.dy[first], call.x.shape).copy())
    return call
