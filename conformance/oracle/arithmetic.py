"""What a call is due to be computed in, and the two numbers of it that bounds are made of."""

from __future__ import annotations

from conformance.case import Inputs
from conformance.float_types import FLOAT_TYPES, FloatType


def underflow(inputs: Inputs) -> float:
    """o: the smallest normal number of the type that is due to be computed in."""
    return arithmetic(inputs).smallest_normal


def roundoff(inputs: Inputs) -> float:
    """u: 2^-53 where x is float64, else 2^-24."""
    return arithmetic(inputs).roundoff


def arithmetic(inputs: Inputs) -> FloatType:
    """The type that is due to be computed in; a type of no row is treated as the halves are."""
    return _OF.get(inputs.x.dtype, FLOAT_TYPES["float32"])


_OF = {row.dtype: FLOAT_TYPES[row.arithmetic] for row in FLOAT_TYPES.values()}
"""By the type of x, not by its name: numpy takes its time to tell one."""
