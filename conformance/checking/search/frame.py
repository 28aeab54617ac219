"""Everything about a drawn call but its numbers: types, shape, mode, memory, what is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.adapter import mask_kind
from conformance.case import Inputs, Memory
from conformance.checking.search.small import Draw, pick, small
from conformance.checking.search.wanted import EARLIER, RANKS, Wanted
from conformance.float_types import NARROW
from conformance.memory import ALIKE, OF_GRADIENTS, words

MOST = 400
"""The most values that x may have."""

MOST_LARGE = 140_000
"""The same where large ones are wanted: two rows of the longest, and an image beyond 147 x 147."""

_LONG = (9, 33, 127, 130, 257, 770, 1025, 1030, 2051, 4097, 5003, 10_007, 65_537, 100_003)
"""Sizes beside those of blocks, warps, vectors and counters, the simplest first."""

_BESIDE = (1, 1, 2, 3, 8, 33, 150)
"""Sizes of the axis after the long one."""

_FEW = 5003
"""Channels in place of more: mostly, since the exact answers of so many take a second; and always
in float64, where they take a quarter of a minute if there are subnormal numbers among them."""

_IMAGE = (150, 150)
"""The last two axes at times: more than 147 x 147, which some plans of kernels end at."""

_SIDE = 7
_STEPS = 24
_STRIDE = 5
_RARE = 24
_OFTEN = 9
_MOSTLY = 3
_SELDOM = 4
_APART = ("x", "dy", "gamma", "running_var")
"""Arrays that lie each by themselves where they do not lie alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything about a call but its numbers.

    Attributes:
        x_type: Type of x.
        type: Type of the parameters.
        shape: Of x.
        axis: The channel axis, counted from either end, or those of the per-activation mode.
        training: The mode.
        memory: How the arrays lie.
        absent: Fields of `conformance.case.Inputs` that are None.
        earlier: How many batches come before x.
        mask: Which kind of mask there is, of `conformance.adapter.MASKS`; empty for none.
    """

    x_type: str
    type: str
    shape: tuple[int, ...]
    axis: int | tuple[int, ...]
    training: bool
    memory: Memory
    absent: frozenset[str]
    earlier: int
    mask: str = ""

    @property
    def channel_axes(self) -> tuple[int, ...]:
        """The channel axes as a tuple, in the order of x, none of them negative."""
        return _channels(self.axis, len(self.shape))

    @property
    def count(self) -> int:
        """M, the number of values that share one mean."""
        channels = self.channel_axes
        return int(np.prod([size for a, size in enumerate(self.shape) if a not in channels]))


def draw_frame(draw: Draw, wanted: Wanted) -> Frame:
    """Draw a frame.

    Args:
        draw: Of the composite strategy.
        wanted: Which frames there may be.
    """
    rank = pick(draw, wanted.ranks)
    sizes = [1 + draw(small(_SIDE - 1)) for _ in range(max(RANKS))]
    if wanted.long:
        sizes[0] += _STRIDE * draw(small(_STEPS))
    axis = _axis(draw, rank, per_activation=wanted.per_activation)
    shape = _large(draw, sizes[:rank], axis) if wanted.large else _shape(sizes[:rank])
    if draw(small(_RARE)) == _RARE and wanted.empty:
        shape = _emptied(shape, axis)
    training, memory = pick(draw, wanted.training), _memory(draw, wanted)
    types = pick(draw, wanted.dtypes)
    x_type, _, other = types.partition("+")
    if x_type == "float64":
        shape = _fewer(shape, axis)
    if types in NARROW and not training:  # the catalogue says why
        other = x_type
    absent = _absent(draw, wanted, memory, training=training)
    past = min(draw(small(EARLIER)), wanted.earlier)
    mask = _mask(draw, wanted) if training and np.prod(shape) else ""
    kept = training and "running_mean" not in absent and not mask
    return Frame(
        x_type=x_type,
        type=other or x_type,
        shape=shape,
        axis=axis,
        training=training,
        memory=memory,
        absent=absent,
        earlier=past if kept else 0,
        mask=mask,
    )


def frame_of(call: Inputs) -> Frame:
    """The frame of a call that there is."""
    names = ("dy", "gamma", "beta", "running_mean", "running_var")
    return Frame(
        x_type=call.x.dtype.name,
        type=call.parameter_dtype.name,
        shape=call.x.shape,
        axis=call.axis,
        training=call.training,
        memory=call.memory,
        absent=frozenset(name for name in names if getattr(call, name) is None),
        earlier=len(call.earlier),
        mask=mask_kind(call) if call.masked else "",
    )


def _shape(sizes: list[int]) -> tuple[int, ...]:
    """The sizes, the largest lowered until the batch is small enough."""
    while np.prod(sizes) > MOST:
        sizes[int(np.argmax(sizes))] -= 1
    return tuple(sizes)


def _large(draw: Draw, sizes: list[int], axis: int | tuple[int, ...]) -> tuple[int, ...]:
    """One axis that is long, the next as drawn, the others short: as many of them as fit."""
    rank, place = len(sizes), draw(small(max(RANKS) - 1))
    long, beside = pick(draw, _LONG), pick(draw, _BESIDE)
    if draw(small(_OFTEN)) == _OFTEN and rank > len(_IMAGE):
        place, (long, beside) = rank - len(_IMAGE), _IMAGE
    if draw(small(_MOSTLY)) < _MOSTLY and place % rank in _channels(axis, rank):
        long = min(long, _FEW)
    chosen = {place % rank: long, (place + 1) % rank: beside if long * beside <= MOST_LARGE else 1}
    shape = tuple(chosen.get(axis, (size + 1) // 2) for axis, size in enumerate(sizes))
    return shape if np.prod(shape) <= MOST_LARGE else tuple(chosen.get(a, 1) for a in range(rank))


def _fewer(shape: tuple[int, ...], axis: int | tuple[int, ...]) -> tuple[int, ...]:
    """The same with fewer channels, where they are many."""
    channels = _channels(axis, len(shape))
    return tuple(min(n, _FEW) if a in channels else n for a, n in enumerate(shape))


def _channels(axis: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % rank for a in axes)


def _axis(draw: Draw, rank: int, *, per_activation: bool) -> int | tuple[int, ...]:
    """Axis 1 is the simplest, at times counted from the end; or all axes but one."""
    drawn, several = draw(small(max(RANKS) - 1)), draw(small(_SELDOM)) == _SELDOM
    from_end = bool(draw(small(_SELDOM)) == _SELDOM)
    if several and per_activation:
        return tuple(a for a in range(rank) if a != drawn % rank)
    return int(drawn + 1) % rank - rank * from_end


def _memory(draw: Draw, wanted: Wanted) -> Memory:
    """Mostly all arrays alike; at times some lie otherwise than x does."""
    whole: Memory = pick(draw, wanted.memories)
    single = tuple(kind for kind in wanted.memories if kind in ALIKE)
    if draw(small(_SELDOM)) != _SELDOM or not single:
        return whole
    chosen = [pick(draw, single) for _ in _APART]
    return words(dict(zip(_APART, chosen, strict=True)))


def _mask(draw: Draw, wanted: Wanted) -> str:
    """Mostly none."""
    if not wanted.masks or wanted.large or draw(small(_MOSTLY)) != _MOSTLY:
        return ""
    found: str = pick(draw, wanted.masks)
    return found


def _emptied(shape: tuple[int, ...], axis: int | tuple[int, ...]) -> tuple[int, ...]:
    """No sample: the first axis that is no channel axis has size 0."""
    channels = _channels(axis, len(shape))
    samples = next(a for a in range(len(shape)) if a not in channels)
    return tuple(0 if a == samples else size for a, size in enumerate(shape))


def _absent(draw: Draw, wanted: Wanted, memory: Memory, *, training: bool) -> frozenset[str]:
    """What is not given: mostly nothing, and never what the mode or the memory needs."""
    dy, gamma, beta, running = (draw(small(_MOSTLY)) == 0 for _ in range(4))
    spare = wanted.absent and memory != "merged"
    found = {
        "dy": not wanted.gradients or (dy and memory not in OF_GRADIENTS),
        "gamma": gamma and spare,
        "beta": beta and spare,
        "running_mean": running and spare and training,
        "running_var": running and spare and training,
    }
    return frozenset(name for name, left_out in found.items() if left_out)
