"""The bounds of a case as numbers, for whoever judges without this package.

Of every output that is due, for the type that the case has: `unit`, one error unit per element
(`conformance.oracle.bounds`), and `loss`, what sums one after the other may lose beyond grade A
(`conformance.oracle.sequential`), in units of that element:

    |actual - expected| <= limit * unit               grade A
    |actual - expected| <= (limit + loss) * unit      grade B

Both are rounded up to float32, or stay float64 where float32 does not hold them.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Case, Dialect
from conformance.oracle.rounding import Floats
from conformance.verdict.ruler import Ruler

UNIT, LOSS = "unit/", "loss/"
"""What stands before the name of an output."""

_DIALECTS = {"running_var": Dialect(), "running_var_biased": Dialect(running_var="biased")}


def stated(case: Case) -> dict[str, Array]:
    """The bounds of a case.

    Args:
        case: A case with its exact answers.

    Returns:
        ``"unit/y"``, ``"loss/y"`` and so on, each of the shape of its output; a loss only where
        some element has one.  A unit that is not finite bounds nothing: there, and where what is
        expected is not finite, an answer agrees if it is NaN or infinite as the expected one is.
    """
    found: dict[str, Array] = {}
    rulers = {name: Ruler(case, dialect) for name, dialect in _DIALECTS.items()}
    for field in case.expected.items():
        ruler = rulers.get(field, rulers["running_var"])
        name = "running_var" if field in rulers else field
        dtype = case.inputs.dtype_of(name)
        found[UNIT + field] = _up(ruler.unit(name, dtype))
        loss = ruler.loss(name, dtype)
        if loss.any():
            found[LOSS + field] = _up(loss)
    return found


def _up(values: Floats) -> Array:
    """Rounded up to float32 where that holds all of them, normal and finite; else as they are."""
    info = np.finfo(np.float32)
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    if size.size and (size.min() < info.tiny or size.max() > info.max):
        return values
    short = values.astype(np.float32)
    with np.errstate(invalid="ignore"):
        below = short < values
    return np.asarray(np.where(below, np.nextafter(short, np.float32(np.inf)), short))
