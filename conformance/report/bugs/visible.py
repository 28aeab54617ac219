"""How much of an output an error is: what a maintainer sees, apart from what bounds prove.

Error units say how far an error is beyond rounding.  A gradient that cancels to 1e-10 and comes
out as 6e-5 is off by a thousand units, and to its reader by nothing: the terms that cancel are of
order one.  So an error is held against the largest value that is due, and what that is made of.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.arrays import GRADIENTS
from conformance.case import Array, Case


def share(case: Case, output: str, due: Array, actual: Array | None) -> float:
    """The largest error as a part of the output, 1 at most.

    Args:
        case: The call, solved.
        output: Name of the output.
        due: Its exact values.
        actual: What came back; None where nothing did, which is all of it.
    """
    error = _error(due, actual)
    if error is None or not np.isfinite(error).all():
        return 1.0
    size = max(_largest(due), _terms(case, output))
    return min(float(error.max()) / size, 1.0) if size else 1.0


def place(due: Array, actual: Array | None) -> tuple[int, ...] | None:
    """Where the largest error is; None where there are no values to compare."""
    error = _error(due, actual)
    if error is None:
        return None
    found = np.argmax(np.where(np.isnan(error), np.inf, error))
    return tuple(map(int, np.unravel_index(found, due.shape)))


def _error(due: Array, actual: Array | None) -> Array | None:
    if actual is None or actual.shape != due.shape or not due.size:
        return None
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(np.asarray(actual, dtype=np.float64) - due))


def _largest(values: Array | None) -> float:
    """The largest finite size; of nothing 0."""
    sizes = np.abs(np.asarray([] if values is None else values, dtype=np.float64))
    return float(sizes.max(initial=0.0, where=np.isfinite(sizes)))


def _terms(case: Case, output: str) -> float:
    """The size of what an output is formed of, where that may cancel."""
    inputs, expected = case.inputs, case.expected
    scale = 1.0 if inputs.gamma is None else _largest(inputs.gamma)
    if output in GRADIENTS:
        slope, count = _largest(inputs.dy), max(inputs.count, 1)
        return slope * (_largest(expected.inv_std) * scale if output == "dx" else count**0.5)
    variance, weight = _largest(expected.var) + float(inputs.eps), float(inputs.momentum)
    sizes: Mapping[str, float] = {
        "y": scale,
        "mean": variance**0.5,
        "var": variance,
        "running_mean": variance**0.5 * weight,
        "running_var": variance * weight,
    }
    return sizes.get(output, 0.0)
