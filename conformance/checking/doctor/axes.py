"""The experiment about axes: which one a kernel takes for the channels."""

from __future__ import annotations

import numpy as np

from conformance.case import Dialect
from conformance.checking.doctor.finding import Ask, Finding, unknown
from conformance.checking.doctor.nearest import nearest
from conformance.checking.doctor.questions import RANKS, Call, cube, once


def layout(ask: Ask, like: Call, declared: Dialect) -> Finding:
    """Which axis it normalizes over, when it is asked for axis 1 and for the last one."""
    asked = ((rank, once(ask, cube(like.inputs, rank, 1))) for rank in RANKS)
    rank, first = next(((r, a) for r, a in asked if a and "y" in a.outputs), (0, None))
    if first is None:
        return unknown("layout", "no y of a batch whose axes are equally long")
    last = once(ask, cube(like.inputs, rank, rank - 1))
    at_first = _channel(first)
    at_last = _channel(last) if last is not None and "y" in last.outputs else None
    if at_first is None:
        return unknown("layout", "no axis explains y")
    found = _layout(at_first, at_last, rank, declared)
    settable = found in ("any", "channels_first", "channels_last")
    advice = f"--dialect layout={found}" if settable else "normalize each channel over all else"
    return Finding(
        convention="layout",
        found=found,
        usual=found == "any",
        sentence=f"asked for axis 1 of {rank} it takes {at_first} for the channels, "
        f"for axis {rank - 1} {at_last or 'none that explains y'}",
        setting=None if found == declared.layout else advice,
    )


def _layout(at_first: str, at_last: str | None, rank: int, declared: Dialect) -> str:
    if at_first == "axis 1":
        follows = at_last in (None, f"axis {rank - 1}")
        return declared.layout if follows else "channels_first"
    return "channels_last" if at_first == f"axis {rank - 1}" else at_first


def _channel(answer: Call) -> str | None:
    """What explains y: an axis, or what else is normalized by itself, in words."""
    x = np.asarray(answer.inputs.x, dtype=np.float64)
    kept = {f"axis {a}": (a,) for a in range(1, x.ndim)} | {"samples": (0,)}
    positions = tuple(range(1, x.ndim))
    separate: dict[str, tuple[int, ...]] = {**kept, "positions": positions}
    if len(positions) == 1:
        del separate["positions"]
    explained = {}
    for name, axes in separate.items():
        rest = tuple(a for a in range(x.ndim) if a not in axes)
        mean, var = x.mean(rest, keepdims=True), x.var(rest, keepdims=True)
        explained[name] = (x - mean) / np.sqrt(var + answer.inputs.eps)
    y = answer.outputs["y"]
    return nearest(y, explained) if np.shape(y) == x.shape else None
