"""The four float types of a golden file in HDF5's terms.

HDF5 never converts: values are written and read with the memory type equal to the file type.
Its own conversion of float32 to bfloat16 rounds ties upwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from h5py import h5t  # type: ignore[import-untyped]  # h5py has no annotations

from conformance.case import Array


def _bfloat16() -> h5t.TypeFloatID:
    kind = h5t.IEEE_F32LE.copy()
    kind.set_fields(15, 7, 8, 0, 7)  # sign, exponent and mantissa: first bit and width
    kind.set_size(2)
    kind.set_ebias(127)
    return kind


STORED = {
    "bfloat16": _bfloat16(),
    "float16": h5t.IEEE_F16LE,
    "float32": h5t.IEEE_F32LE,
    "float64": h5t.IEEE_F64LE,
}
"""Names of numpy types to the HDF5 types that hold them, bit for bit."""

_BITS: dict[int, np.dtype[Any]] = {size: np.dtype(f"<u{size}") for size in (2, 4, 8)}


def name_of(kind: h5t.TypeID) -> str | None:
    """The numpy name of an HDF5 type, or None if golden files do not hold it."""
    return next((name for name, known in STORED.items() if kind == known), None)


def bits(array: Array) -> Array:
    """The bits of `array` as unsigned integers in C order: what HDF5 is given."""
    # h5py knows no bfloat16; as integers, no library can touch the values on the way.
    flat: Array = np.ascontiguousarray(array).view(_BITS[array.dtype.itemsize])
    return flat.reshape(array.shape)
