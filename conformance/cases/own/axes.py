"""The channel axis as a recipe says it: a number, a layout, or several axes."""

from __future__ import annotations

import re
from typing import Any

from conformance.errors import RecipeError
from conformance.printable import value as shown

PER_ACTIVATION = "per-activation"
"""Every position of all axes but the first has statistics of its own."""

_LAYOUT = re.compile(r"(?=.*N)(?=.*C)[NC]{0,2}(L|D?HW|)[NC]{0,2}")
"""N and C in any places around the axes of space, which come in their usual order."""


def alternatives(said: Any) -> list[Any]:
    """What is said of the axis, as a list: of texts each is one, of numbers all are one."""
    if isinstance(said, list) and said and not all(isinstance(each, int) for each in said):
        return said
    return [said]


def axis_of(said: Any, rank: int) -> int | tuple[int, ...]:
    """The axis, or several for the per-activation mode, of x with so many axes.

    Args:
        said: ``1``, ``-1``, ``"NHWC"``, ``"per-activation"``, or a list such as ``[1, 2, 3]``.
        rank: How many axes x has.

    Raises:
        RecipeError: it names no axis of x.
    """
    if isinstance(said, str):
        return _of_layout(said, rank)
    axes = [said] if isinstance(said, int) else said
    numbers = isinstance(axes, list) and all(type(axis) is int for axis in axes)
    if not (numbers and axes and all(-rank <= axis < rank for axis in axes)):
        raise _wrong(said, rank)
    if len({axis % rank for axis in axes}) != len(axes) or len(axes) >= rank:
        raise _wrong(said, rank)
    return axes[0] if isinstance(said, int) else tuple(axes)


def _of_layout(name: str, rank: int) -> int | tuple[int, ...]:
    if name == PER_ACTIVATION:
        return tuple(range(1, rank))
    fits = _LAYOUT.fullmatch(name) and len({*name}) == len(name) == rank
    if not fits or "C" not in name or "N" not in name:
        raise _wrong(name, rank)
    return name.index("C")


def _wrong(said: Any, rank: int) -> RecipeError:
    found = said if isinstance(said, int | list) else shown(said)
    return RecipeError(
        f"axis {found} was found for x of {rank} axes, one of them was wanted: 1, -1, a layout "
        "with a letter for each such as 'NHWC', 'per-activation', or several numbers for that mode"
    )
