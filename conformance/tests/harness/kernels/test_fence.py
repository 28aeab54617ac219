"""Tests of arrays with a fence around them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.harness.kernels.fence import MARGIN, breach, fenced, fenced_together
from conformance.memory import FILLER, beginning


def laid(kind: str, dtype: Any) -> Any:
    """An array in some order in memory."""
    values = np.arange(24).reshape(4, 6).astype(dtype)
    return {
        "contiguous": values,
        "transposed": values.T,
        "strided": np.repeat(values, 2, axis=1)[:, ::2],
        "reversed": values[::-1, ::-1],
        "broadcast": np.broadcast_to(values[:1], (4, 6)),
        "empty": values[:0],
    }[kind]


KINDS = ["contiguous", "transposed", "strided", "reversed", "broadcast", "empty"]
DTYPES = [np.float64, np.float32, np.float16, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_fenced_array_is_the_same_array(kind: str, dtype: Any) -> None:
    """Values, type, shape and strides are those that were given, in a buffer of its own."""
    given = laid(kind, dtype)
    made = fenced(given).array
    assert made.dtype == given.dtype
    assert made.tobytes() == given.tobytes()
    assert made.shape == given.shape
    if given.size and kind != "broadcast":
        assert made.strides == given.strides
    assert not np.may_share_memory(made, given)
    assert made.ctypes.data % 16 == given.ctypes.data % 16 or kind in ("reversed", "strided")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_beside_it_is_one_number_that_is_far_off(kind: str, dtype: Any) -> None:
    """Before, after and between the values of the array stands `FILLER`, and nothing else."""
    fence = replace(fenced(laid(kind, dtype)), writeable=True)
    fence.array[...] = FILLER
    assert (fence.flat == FILLER).all()
    assert fence.flat.nbytes >= 2 * MARGIN


@pytest.mark.parametrize("kind", KINDS)
def test_a_kernel_that_leaves_it_alone_breaks_nothing(kind: str) -> None:
    """Reading is no breach."""
    fence = fenced(laid(kind, np.float32))
    fence.array.sum()
    assert breach({"x": fence}) is None


def test_writing_to_the_array_is_seen() -> None:
    """One changed element is enough, unless it may be updated in place."""
    fence = fenced(laid("strided", np.float32))
    fence.array[1, 2] += 1
    assert breach({"x": fence}) == "wrote to its inputs: x"
    assert breach({"x": fence}, in_place=("x",)) is None


@pytest.mark.parametrize("where", [0, MARGIN - 1, MARGIN + 4, -1, -MARGIN])
def test_writing_around_the_array_is_seen(where: int) -> None:
    """A byte before it, behind it, or between its elements is enough, in place or not."""
    fence = fenced(laid("strided", np.float32))
    fence.flat.view(np.uint8)[where] ^= 1
    for in_place in ((), ("x",)):
        said = breach({"x": fence}, in_place=in_place)
        assert said == "wrote outside its arrays: 1 bytes around x"


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_unaligned_array_stays_so(dtype: Any) -> None:
    """A fenced array is as far from a multiple of 16 bytes as it was given."""
    given = beginning(np.dtype(dtype), 24, offset=np.dtype(dtype).itemsize)
    made = fenced(given).array
    assert made.ctypes.data % 16 == np.dtype(dtype).itemsize


def test_arrays_that_overlap_do_so_in_their_fence() -> None:
    """Both are where they were to each other; writing to the one is writing to the other."""
    whole = np.arange(25, dtype=np.float32)
    given = [whole[:24].reshape(4, 6), whole[1:].reshape(6, 4).T]
    x, dy = fenced_together(given)
    assert np.array_equal(x.array, given[0])
    assert np.array_equal(dy.array, given[1])
    assert dy.array.strides == given[1].strides
    assert dy.array.ctypes.data - x.array.ctypes.data == 4
    assert breach({"x": x, "dy": dy}) is None
    x.array[0, 1] = 7
    assert dy.array[0, 0] == 7
    assert breach({"x": x, "dy": dy}) == "wrote to its inputs: x, dy"


def test_writing_around_arrays_that_overlap_is_seen() -> None:
    """A byte behind the last of both is outside."""
    whole = np.arange(9, dtype=np.float32)
    x, dy = fenced_together([whole[:8], whole[1:]])
    x.flat[x.start + 9] = 1
    said = breach({"x": x, "dy": dy})
    assert said is not None
    assert said.startswith("wrote outside its arrays:")
