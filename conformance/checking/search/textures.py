"""The numbers of one array: whole numbers first, and what is laid over them.

Hypothesis draws a block of bytes and some small integers for a whole call, and numpy makes the
arrays of them.  There are three reasons.  A draw per element would be slow and soon exceed what
Hypothesis allows.  When noise and offset are taken away the whole numbers stay as they were, so
that most failures survive it and end in simple values.  And Hypothesis adds constants from the
source of whatever modules are loaded to all but small integers and long blocks, so that two runs
would differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.case import Array
from conformance.cases.catalogue.rounding import rounded
from conformance.checking.search.small import Draw, pick, small
from conformance.float_types import dtype_of, finfo

_NOISES = ((0.0, 0.0), (0.0, 0.0), (3.0, 1.0), (1.0, 0.25), (1.0, 0.0), (1.0, 0.0), (1e-3, 0.0))
"""Standard deviation of normal noise, and the grid that it is rounded to (0: none)."""

_OFFSETS = (0.0, 0.0, 0.0, 1.0, -10.0, 100.0, -1e3, 1e4)
_FAR_OFFSETS = (*_OFFSETS, -1e6, 1e8)
"""What all values are moved by, in units of about their deviation; the far ones for float64."""

_UNITS = (1.0,) * 12 + (2.0**-10, 2.0**10, 2.0**-3, 0.0, 0.0)
"""What all values are multiplied by; 0 makes them subnormal."""

_STEEP = 2.0**44
"""What a dy is multiplied by at times: beyond what clips gradients; no product overflows."""

_OUTLIER = 1000.0
_RARE = 12
_WIDE_ENOUGH = 4  # bytes: half types end below
_BASE = 7

_SEED = 2  # bytes
_WHOLE = 22
_NORMALS = 402
"""Periods in which the powers of 7 of five axes differ, so that no two axes are alike and a value
comes again along long ones alone; and even, so that every second value has another mean."""

BYTES = _WHOLE + _SEED
"""Bytes that an array is made of: its whole numbers, and the seed of its noise."""

_SIGNED = 41  # 0, 1, -1, ... 20, -20
_LARGEST_WHOLE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """What is laid over the whole numbers: ``unit * (offset + whole + noise)``.

    Attributes:
        noise: Standard deviation of the noise, and the grid that it is rounded to (0: none).
        offset: Added to every value.
        unit: Multiplies every value; 0 makes them subnormal.
        outlier: Where one value is multiplied, which puts it far out; 0 for nowhere.
        constant: Whether the first channel holds one value over and over.
    """

    noise: tuple[float, float] = (0.0, 0.0)
    offset: float = 0.0
    unit: float = 1.0
    outlier: int = 0
    constant: bool = False


def draw_texture(draw: Draw, type_name: str) -> Texture:
    """Draw what is laid over arrays of the shape of x.

    Args:
        draw: Of the composite strategy.
        type_name: Their type, such as ``"float32"``.
    """
    wide = type_name == "float64"
    return Texture(
        noise=pick(draw, _NOISES),
        offset=pick(draw, _FAR_OFFSETS if wide else _OFFSETS),
        unit=pick(draw, _UNITS),
        outlier=max(draw(small(2 * _RARE)) - _RARE, 0),
        constant=draw(small(_RARE)) == _RARE,
    )


def draw_steep(draw: Draw, over: Texture, type_name: str) -> Texture:
    """The texture of a dy, which may be larger by far than any x whose squares are to be summed."""
    if draw(small(_RARE)) != _RARE or dtype_of(type_name).itemsize < _WIDE_ENOUGH:
        return over
    return replace(over, unit=_STEEP)


def draw_simple_texture(draw: Draw) -> Texture:
    """Draw what is laid over the parameters: noise or nothing."""
    return Texture(noise=pick(draw, _NOISES))


def values(over: Texture, block: bytes, shape: tuple[int, ...], type_name: str) -> Array:
    """The numbers of an array before they are rounded to its type: float64 of that shape.

    A value depends on where it is and not on the shape: a smaller array is a part of the larger.

    Args:
        over: What is laid over the whole numbers.
        block: `BYTES` bytes.
        shape: Of the array.
        type_name: The type that they will be rounded to; it decides what is subnormal.
    """
    place = _places(shape)
    found = over.offset + _whole(block[:_WHOLE])[place % _WHOLE]
    deviation, grid = over.noise
    if deviation:
        normal = np.random.default_rng(list(block[_WHOLE:])).standard_normal(_NORMALS)
        noise = deviation * normal[place % _NORMALS]
        found = found + (np.round(noise / grid) * grid if grid else noise)
    if over.outlier:
        found = np.where(place == over.outlier, _OUTLIER * found, found)
    return np.asarray(found * (over.unit or _subnormal(type_name)))


def fitted(numbers: Array, type_name: str) -> Array:
    """float64 numbers rounded once to a type; what is too large for it becomes its largest."""
    largest = float(_info(type_name).max)
    return rounded(np.clip(numbers, -largest, largest), type_name)


@lru_cache(64)  # some of them are large
def _places(shape: tuple[int, ...]) -> Array:
    """A number for every element: its coordinates as the digits of a number to the base 7."""
    found = np.zeros((), np.int64)
    for axis, size in enumerate(shape):
        found = found[..., np.newaxis] + np.arange(size) * _BASE**axis
    return found


def _whole(block: bytes) -> Array:
    """0, 1, -1, ... 8, -8 and, beyond, 4.5, -4.5, 5, ...: the lower the byte, the simpler."""
    coded = np.frombuffer(block, np.uint8) % _SIGNED
    size = (coded + 1) // 2
    size = np.where(size > _LARGEST_WHOLE, size / 2, size)
    return np.where(coded % 2, size, -size)


def _subnormal(type_name: str) -> float:
    # Most values are below 16 in size.
    return float(_info(type_name).smallest_normal) / 16


def _info(type_name: str) -> Any:
    return finfo(dtype_of(type_name))
