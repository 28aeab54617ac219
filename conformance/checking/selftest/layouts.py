"""What an adapter's mistakes with axes would have given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import TypeAlias

import numpy as np

from conformance import layout
from conformance.arrays import LIKE_X
from conformance.case import Actual, Array, Dialect, Inputs
from conformance.checking.selftest.suspects import Suspect, right

_Move: TypeAlias = Callable[[Array], Array]
_LOOK = "Move axes with numpy.moveaxis or transpose, both ways; a reshape keeps the order in memory"
_MOST_AXES = 4


def suspects(inputs: Inputs, dialect: Dialect) -> Iterator[Suspect]:
    """The mistakes with axes that this call can show."""
    if isinstance(inputs.axis, tuple) or inputs.x.ndim < 3:  # noqa: PLR2004 - (N, C) has one order
        return
    run = right(dialect)
    yield from _other_axes(inputs, run)
    yield from _reshaped(inputs, run)
    if inputs.x.ndim <= _MOST_AXES:
        yield from _permuted(inputs, run)


def _other_axes(inputs: Inputs, run: Callable[[Inputs], Actual]) -> Iterator[Suspect]:
    (axis,) = inputs.channel_axes
    for other in range(inputs.x.ndim):
        if other != axis and inputs.x.shape[other] == inputs.x.shape[axis]:
            yield Suspect(
                name=f"axis fixed at {other}" if other else "samples taken for channels",
                seen=f"normalized along axis {other}, where axis {axis} was asked for",
                look="Look at how Inputs.axis reaches the framework",
                predicted=run(replace(inputs, axis=other)),
            )


def _reshaped(inputs: Inputs, run: Callable[[Inputs], Actual]) -> Iterator[Suspect]:
    """A reshape where axes were to be moved: of x, of dy, or of what comes back."""
    (axis,), shape = inputs.channel_axes, inputs.x.shape
    for order in ("first", "last"):
        moved = _mover(order, axis)
        target = moved(inputs.x).shape
        if order == ("first" if axis == 1 else "last" if axis == len(shape) - 1 else ""):
            continue
        back = _back(order, axis)

        def reshaped(values: Array, target: tuple[int, ...] = target) -> Array:
            return values.reshape(target)

        def flat(values: Array) -> Array:
            return values.reshape(shape)

        for x_in, dy_in, out in product((moved, reshaped), (moved, reshaped), (back, flat)):
            if (x_in, dy_in, out) == (moved, moved, back):
                continue
            what = [n for n, m in (("x", x_in), ("dy", dy_in)) if m is reshaped]
            what += ["what comes back"] if out is flat else []
            found = _through(inputs, run, order, (x_in, dy_in, out))
            yield Suspect(
                name="reshape instead of moveaxis",
                seen=f"what a reshape of {' and '.join(what)} into channels-{order} order gives",
                look=_LOOK,
                predicted=found,
                alone=True,
            )


def _through(
    inputs: Inputs,
    run: Callable[[Inputs], Actual],
    order: str,
    moves: tuple[_Move, _Move, _Move],
) -> Actual:
    x_in, dy_in, out = moves
    dy = None if inputs.dy is None else dy_in(inputs.dy)
    axis = 1 if order == "first" else inputs.x.ndim - 1
    found = run(replace(inputs, x=x_in(inputs.x), dy=dy, axis=axis))
    return {name: out(value) if name in LIKE_X else value for name, value in found.items()}


def _mover(order: str, axis: int) -> _Move:
    move = layout.channels_first if order == "first" else layout.channels_last
    return lambda values: move(values, axis)


def _back(order: str, axis: int) -> _Move:
    move = layout.from_channels_first if order == "first" else layout.from_channels_last
    return lambda values: move(values, axis)


def _permuted(inputs: Inputs, run: Callable[[Inputs], Actual]) -> Iterator[Suspect]:
    """The right values with their axes in another order."""
    found = run(inputs)
    for order in permutations(range(inputs.x.ndim)):
        turned = tuple(inputs.x.shape[a] for a in order)
        if order == tuple(sorted(order)) or turned != inputs.x.shape:
            continue
        yield Suspect(
            name="axes in another order",
            seen=f"the right array with its axes in the order {order}",
            look=_LOOK,
            predicted={n: np.transpose(found[n], order) for n in found.keys() & LIKE_X},
            alone=True,
        )
