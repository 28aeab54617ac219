"""Which of several explanations fits what came back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from conformance.case import Array

_NEAR = 0.15
"""How near an explanation must be, as a part of the distance to the next one."""


def nearest(actual: Array, explanations: Mapping[str, Array]) -> str | None:
    """The explanation that fits while every other is far off; None if none or several do.

    An inexact kernel is understood all the same: the error that counts is the distance to an
    explanation beside the distance between explanations.

    Args:
        actual: What came back.
        explanations: Names to what each would have given; same shape.
    """
    shaped = {n: v for n, v in explanations.items() if np.shape(v) == np.shape(actual)}
    distances = {name: _distance(actual, value) for name, value in shaped.items()}
    finite = {name: d for name, d in distances.items() if np.isfinite(d)}
    if not finite:
        return None
    best = min(finite, key=finite.__getitem__)
    gaps = [_distance(shaped[best], v) for n, v in shaped.items() if n != best]
    least = min((gap for gap in gaps if np.isfinite(gap)), default=float(np.inf))
    size = float(np.max(np.abs(_wide(shaped[best])), initial=0.0))
    return best if finite[best] <= _NEAR * min(least, max(size, 1.0)) else None


def _distance(one: Array, other: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.max(np.abs(_wide(one) - _wide(other)), initial=0.0))


def _wide(values: Array) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)
