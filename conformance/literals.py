"""Arrays as Python literals that come back bit for bit, a NaN as the usual one."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np

from conformance.case import Array

_WIDTH = 96


def nested(array: Array) -> str:
    """The values of an array as lists in lists, in lines that can be read.

    float64 holds every value of the narrower types, so whatever type the list is put into again
    gives the same bits.
    """
    return _wrapped(_nested(array.astype(np.float64).tolist()))


def in_numpy(array: Array, type_name: str) -> str:
    """An expression of numpy that makes the array.

    Args:
        array: The array.
        type_name: How a program calls its type, such as ``"np.float32"``.
    """
    if not array.size:
        return f"np.zeros({array.shape}, {type_name})"
    return f"np.array({nested(array)}, {type_name})"


def printed(array: Array) -> str:
    """The same as Python prints them, where infinities and NaN are words."""
    return _wrapped(repr(array.astype(np.float64).tolist()))


def _nested(numbers: Any) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(_nested(item) for item in numbers)}]"
    return repr(numbers) if math.isfinite(numbers) else f'float("{numbers}")'


def _wrapped(numbers: str) -> str:
    # Between numbers a line may be broken: the whole stands in brackets, or is one number.
    lines = textwrap.wrap(numbers, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join(lines)
