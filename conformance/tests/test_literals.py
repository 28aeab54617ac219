"""Arrays as Python literals."""

from __future__ import annotations

import ast
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.literals import nested, printed

TYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", TYPES)
def test_numbers_come_back_bit_for_bit(dtype: Any) -> None:
    """Every finite value of a type, subnormal and signed zero included, survives its literal."""
    draw = np.random.default_rng(7)
    size = np.dtype(dtype).itemsize
    bits = draw.integers(0, 256, 4000 * size, dtype=np.uint8).view(dtype)
    with np.errstate(all="ignore"):
        finite = np.where(np.isfinite(bits), bits, np.array(-0.0, dtype)).reshape(-1, 5)
    text = nested(finite)
    assert np.array(ast.literal_eval(text)).astype(dtype).tobytes() == finite.tobytes()
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_no_number_is_python_too() -> None:
    """Infinities and NaN are calls in a program, and words where it prints them."""
    values = np.array([[np.inf, -np.inf], [np.nan, -0.0]], np.float32)
    assert nested(values) == '[[float("inf"), float("-inf")], [float("nan"), -0.0]]'
    assert printed(values) == "[[inf, -inf], [nan, -0.0]]"
    assert nested(np.float32(1.5) * np.ones(())) == "1.5"
