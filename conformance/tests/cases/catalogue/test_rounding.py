"""Tests of `conformance.cases.catalogue.rounding`."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Array
from conformance.cases.catalogue.rounding import rounded
from conformance.cases.catalogue.stream import Stream
from conformance.errors import InputError
from conformance.float_types import dtype_of


def _samples() -> Array:
    stream = Stream("samples")
    magnitudes = np.ldexp(1.0, np.arange(-30, 15))
    return np.concatenate([(stream.normal(45, 20) * magnitudes[:, np.newaxis]).ravel(), [0.0]])


@pytest.mark.parametrize("name", ["float64", "float32", "float16"])
def test_agrees_with_the_cast_of_numpy(name: str) -> None:
    """Where numpy's cast rounds once, the result is the same, subnormals included."""
    actual = rounded(_samples(), name)
    assert actual.dtype == np.dtype(name)
    np.testing.assert_array_equal(actual, _samples().astype(name))


def test_bfloat16_is_rounded_once() -> None:
    """A float64 just above a tie of bfloat16 rounds up, though it is the tie in float32."""
    just_above = np.array([1.0 + 2.0**-8 + 2.0**-40])
    assert float(rounded(just_above, "bfloat16")[0]) == 1.0 + 2.0**-7
    assert float(just_above.astype(np.float32).astype(dtype_of("bfloat16"))[0]) == 1.0


def test_bfloat16_ties_go_to_even() -> None:
    """Values halfway between two bfloat16 go to the even one."""
    ties = np.array([1.0 + 2.0**-8, 1.0 + 3 * 2.0**-8, -1.0 - 2.0**-8])
    assert rounded(ties, "bfloat16").astype(float).tolist() == [1.0, 1.0 + 2.0**-6, -1.0]


def test_bfloat16_subnormals_are_multiples_of_the_smallest() -> None:
    """Below 2**-126, bfloat16 values are multiples of 2**-133."""
    assert float(rounded(np.array([2.6 * 2.0**-133]), "bfloat16")[0]) == 3 * 2.0**-133


@pytest.mark.parametrize("name", ["float64", "float32", "float16", "bfloat16"])
def test_what_is_not_finite_stays(name: str) -> None:
    """NaN and infinities pass through every type."""
    actual = rounded(np.array([np.nan, np.inf, -np.inf, 1.5]), name).astype(float)
    np.testing.assert_array_equal(actual, [np.nan, np.inf, -np.inf, 1.5])


@pytest.mark.parametrize(("name", "value"), [("float16", 65520.0), ("float32", 3.5e38)])
def test_overflow_is_an_error(name: str, value: float) -> None:
    """A value that would round to infinity is refused, with the value and the largest one."""
    with pytest.raises(InputError, match="does not fit") as caught:
        rounded(np.array([1.0, value]), name)
    assert f"{value!r} does not fit {name}, whose largest value is" in str(caught.value)


def test_the_largest_value_fits() -> None:
    """A value that rounds down to the largest finite one is taken."""
    assert float(rounded(np.array([65519.9]), "float16")[0]) == 65504.0


def test_the_result_is_a_new_array() -> None:
    """The result never shares memory with its argument."""
    values = np.ones(3)
    assert not np.shares_memory(rounded(values, "float64"), values)
