"""Faults that stay within grade A: results rounded the wrong way, or off by a common factor.

No error of theirs is too large, so that no case rejects them and they are no part of
`conformance.faults.FAULTS`.  What shows them is that all errors lean to one side, or are
larger than those of any honest algorithm: see `conformance.quality`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Array
from conformance.faults.fault import Fault
from conformance.faults.sheet import Edits, Sheet
from conformance.float_types import HALVES, MIXED
from conformance.oracle.channels import from_channels

_Round: TypeAlias = Callable[[Array, np.dtype[Any]], Array]

_SINGLE = ("float32",)
_IN_HALF = (*HALVES, *MIXED)


def down(values: Array, dtype: np.dtype[Any]) -> Array:
    """Toward minus infinity."""
    near = values.astype(dtype)
    below = np.nextafter(near, np.array(-np.inf, dtype))
    return np.where(near.astype(np.float64) > values, below, near).astype(dtype)


def toward_zero(values: Array, dtype: np.dtype[Any]) -> Array:
    """Cut off."""
    near = values.astype(dtype)
    inner = np.nextafter(near, np.zeros((), dtype))
    return np.where(np.abs(near.astype(np.float64)) > np.abs(values), inner, near).astype(dtype)


def stochastic(values: Array, dtype: np.dtype[Any]) -> Array:
    """Up or down by chance, the nearer the more likely; the same chance for the same values."""
    lower = down(values, dtype)
    upper = np.nextafter(lower, np.array(np.inf, dtype))
    low, high = (v.astype(np.float64) for v in (lower, upper))
    chance = np.random.default_rng(values.size).random(values.shape)
    part = (values.astype(np.float64) - low) / np.where(high > low, high - low, 1)
    return np.where(chance < part, upper, lower).astype(dtype)


def _delivering(rounding: _Round) -> Edits:
    """All outputs of a half type rounded in a way of their own."""

    def shaped(s: Sheet) -> Callable[[str], Array]:
        def shape(name: str) -> Array:
            dtype = s.inputs.dtype_of(name)
            laid = np.asarray(s.correct("shaped")(name))
            if dtype.itemsize > 2 or laid.dtype != dtype:  # noqa: PLR2004 - bytes
                return laid
            value = getattr(s, name)
            like_x = name in LIKE_X
            wide = from_channels(value, s.inputs) if like_x else value.reshape(laid.shape)
            return rounding(wide, dtype)

        return shape

    return {"shaped": shaped}


def _cut(rounding: _Round) -> Edits:
    """Y of float32 computed in float64 and rounded in a way of its own."""

    def y(s: Sheet) -> Array:
        wide = (s.x.astype(np.float64) - s.center) * s.inv_std * s.gamma + s.beta
        return rounding(wide, np.dtype(s.work))

    return {"y": y}


def _kept(values: Array, bits: int) -> Array:
    """Rounded to fewer bits, ties to even."""
    part, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.rint(np.ldexp(part, bits)), exponent - bits))


def _fault(name: str, title: str, types: tuple[str, ...], edits: Edits) -> Fault:
    return Fault(
        id=name,
        title=title,
        math=title,
        touches=("y",),
        mode="both",
        shows="many independent calls",
        hides="any single one",
        edits=edits,
        types=types,
        rounding=True,
        accepted="within grade A: told by conformance.quality and by no case",
    )


WITHIN_BOUNDS = (
    _fault("half-cut-off", "half outputs are cut off", _IN_HALF, _delivering(toward_zero)),
    _fault("half-rounded-down", "half outputs are rounded down", _IN_HALF, _delivering(down)),
    _fault(
        "half-rounded-by-chance", "half outputs are rounded by chance", _IN_HALF,
        _delivering(stochastic),
    ),
    _fault("y-cut-off", "y of float32 is cut off", _SINGLE, _cut(toward_zero)),
    _fault("y-rounded-down", "y of float32 is rounded down", _SINGLE, _cut(down)),
    _fault(
        "gamma-off-by-2e-6", "gamma is off by 2e-6 of itself", _SINGLE,
        {"y": lambda s: s.gamma * s.work(1 + 2e-6) * s.xhat + s.beta},
    ),
    _fault(
        "beta-off-by-1e-6", "beta is off by 1e-6 of itself", _SINGLE,
        {"y": lambda s: s.gamma * s.xhat + s.beta * s.work(1 + 1e-6)},
    ),
    _fault(
        "momentum-off-by-2e-6", "momentum is off by 2e-6 of itself", _SINGLE,
        {"momentum": lambda s: float(s.inputs.momentum) * (1 + 2e-6)},
    ),
    _fault(
        "inv-std-off-by-2e-6", "inv_std is off by 2e-6 of itself", _SINGLE,
        {"inv_std": lambda s: s.correct("inv_std") * s.work(1 - 2e-6)},
    ),
    _fault(
        "y-of-21-bits", "y is kept in 21 bits", _SINGLE, {"y": lambda s: _kept(s.correct("y"), 21)}
    ),
)  # fmt: skip
"""Faults that no case rejects."""
