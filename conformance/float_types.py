"""The one table of float types: their names, their roundoff, and what is to be computed in.

A new type is a row here, its HDF5 form in `conformance.cases.golden.floats`, and a bridge's word
for it where a framework has one.  The proof keeps a list of its own: it shares nothing with what
it proves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatType:
    """A binary float type (IEEE 754-2019, table 3.5; bfloat16 has the exponents of binary32).

    Attributes:
        dtype: The numpy type.
        bits: Bits of the significand, the hidden one included.
        largest_exponent: Exponent of the largest power of two.
        arithmetic: Name of the type that batches of this one are due to be computed in.
    """

    dtype: np.dtype[Any]
    bits: int
    largest_exponent: int
    arithmetic: str

    @property
    def name(self) -> str:
        """Its name, as numpy has it."""
        return str(self.dtype)

    @property
    def roundoff(self) -> float:
        """The unit roundoff: half the distance from 1 to the next larger number."""
        return 2.0**-self.bits

    @property
    def smallest_normal(self) -> float:
        """The smallest normal number."""
        return 2.0 ** (1 - self.largest_exponent)

    @property
    def half(self) -> bool:
        """Whether it has 16 bits: parameters may then be of a wider type."""
        return self.dtype.itemsize == 2  # noqa: PLR2004 - bytes


def _row(name: Any, bits: int, largest_exponent: int, arithmetic: str) -> FloatType:
    return FloatType(
        dtype=np.dtype(name), bits=bits, largest_exponent=largest_exponent, arithmetic=arithmetic
    )


FLOAT_TYPES: Mapping[str, FloatType] = MappingProxyType(
    {
        row.name: row
        for row in (
            _row(np.float64, 53, 1023, "float64"),
            _row(np.float32, 24, 127, "float32"),
            _row(np.float16, 11, 15, "float32"),
            _row(ml_dtypes.bfloat16, 8, 127, "float32"),
        )
    }
)
"""The types by name, in the order of every report."""

HALVES = tuple(name for name, row in FLOAT_TYPES.items() if row.half)
"""The types of 16 bits."""

MIXED = tuple(f"{name}+{FLOAT_TYPES[name].arithmetic}" for name in HALVES)
"""Types of x with the wider parameters that they may come with."""

NARROW = ("float64+float32", *(f"float32+{name}" for name in HALVES))
"""Types of x with the narrower parameters that they may come with: weights kept short."""

TYPES = (*FLOAT_TYPES, *MIXED, *NARROW)
"""Every combination that cases have, as `conformance.case.Inputs.types` says it."""


def dtype_of(name: str) -> np.dtype[Any]:
    """The numpy type called `name`, one of `FLOAT_TYPES`."""
    return FLOAT_TYPES[name].dtype


def finfo(dtype: np.dtype[Any]) -> Any:
    """The limits of any float type, as `numpy.finfo` gives them.

    Raises:
        ValueError: `dtype` is no float type.
    """
    return ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]  # not annotated upstream


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of `finfo` that a verdict asks for at every step, as Python's.

    Attributes:
        largest: The largest finite number.
        eps: Distance from 1 to the next larger number.
        smallest: The smallest subnormal number.
    """

    largest: float
    eps: float
    smallest: float


@cache
def limits(dtype: np.dtype[Any]) -> Limits:
    """The limits of any float type.

    Raises:
        ValueError: `dtype` is no float type.
    """
    info = finfo(dtype)
    return Limits(float(info.max), float(info.eps), float(info.smallest_subnormal))
