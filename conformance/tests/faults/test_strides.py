"""Kernels that read memory without strides, from the first value of an array on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from conformance.case import Actual, Array, Inputs, Kernel
from conformance.faults.dictionary import strides
from conformance.float_types import FLOAT_TYPES, dtype_of
from conformance.harness.kernels.fence import fenced
from conformance.memory import beginning
from conformance.tests.faults.independent import CORRECT
from conformance.tests.faults.trials import told

EVERY = ("x", "dy", "gamma", "beta", "running_mean", "running_var")


def dense(array: Array, _: Array) -> tuple[int, ...]:
    """The strides that an array would have if it were contiguous."""
    return np.empty(array.shape, array.dtype).strides


def as_x_lies(array: Array, x: Array) -> tuple[int, ...]:
    """The strides that a new array gets that is made like x."""
    return np.empty_like(x, array.dtype).strides


def reading(
    *names: str,
    copied: bool,
    by: Callable[[Array, Array], tuple[int, ...]] = dense,
    beside: bool = False,
) -> Kernel:
    """A kernel that reads some arrays on, behind a fence.

    Args:
        names: The arrays.
        copied: Whether it is given a copy of what lies backwards, as by PyTorch.
        by: The strides that it takes an array to have, beside x.
        beside: Whether it does so in a path for contiguous x alone.
    """

    def run(inputs: Inputs) -> Actual:
        given = {name: array for name, array in inputs.given().items() if name in names}
        if beside and not inputs.x.flags.c_contiguous:
            given = {}
        if copied:
            given = {n: a for n, a in given.items() if min(a.strides, default=0) >= 0}
        read: dict[str, Any] = {
            name: np.array(as_strided(fenced(array).array, array.shape, by(array, inputs.x)))
            for name, array in given.items()
        }
        return CORRECT(replace(inputs, **read))

    return run


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("x",), "input-view-read-on"),
        (("dy",), "gradient-view-read-on"),
        (("gamma", "beta"), "parameter-view-read-on"),
        (("gamma",), "scale-view-read-on"),
        (EVERY, "every-view-read-on"),
    ],
)
def test_arrays_that_are_read_on_are_named(
    names: tuple[str, ...], fault: str, *, copied: bool
) -> None:
    """Which arrays are read without strides is told, also where what lies backwards is copied."""
    first, *_ = found = told(reading(*names, copied=copied))
    assert {f.fault for f in found} == {fault}
    assert first.also == ()


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
def test_what_lies_in_a_buffer_of_bytes_is_read_in_its_own_type(dtype: str) -> None:
    """A prediction reads the values of an unaligned array, wherever its buffer lies in memory."""
    for _ in range(8):
        array = beginning(dtype_of(dtype), 6, offset=dtype_of(dtype).itemsize)
        array[...] = np.arange(6)
        assert np.array_equal(strides._read_on(array), array)


@pytest.mark.parametrize("copied", [False, True])
def test_a_gradient_that_is_read_as_x_lies_is_named(*, copied: bool) -> None:
    """A kernel that takes dy to lie as x does is told from one that takes it to be contiguous."""
    found = told(reading("dy", copied=copied, by=as_x_lies))
    assert {f.fault for f in found} == {"gradient-read-as-input-lies"}
    assert all(f.also == () for f in found)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (("dy",), "gradient-view-read-on"),
        (("gamma", "beta"), "parameter-view-read-on"),
        (("gamma",), "scale-view-read-on"),
    ],
)
def test_what_only_the_path_of_contiguous_x_reads_on_is_named(
    names: tuple[str, ...], fault: str
) -> None:
    """A kernel with a path for contiguous x takes what comes with it to be contiguous."""
    found = told(reading(*names, copied=False, beside=True))
    assert {f.fault for f in found} == {fault}
    assert all(f.also == () for f in found)


def test_two_arrays_that_one_path_reads_on_are_both_named() -> None:
    """A path for contiguous x that takes dy and the parameters to be contiguous has two faults."""
    found = told(reading("dy", "gamma", "beta", copied=False, beside=True))
    names = {name for f in found if f.fault for name in (f.fault, *f.together)}
    assert names == {"gradient-view-read-on", "parameter-view-read-on"}


def test_x_that_is_read_from_the_boundary_before_it_is_named() -> None:
    """A kernel that loads vectors rounds the address of x down, and reads the fence before it."""

    def run(inputs: Inputs) -> Actual:
        x = fenced(inputs.x).array
        off = x.ctypes.data % 16
        if not off or not x.flags.c_contiguous:
            return CORRECT(inputs)
        buffer = x.base
        while isinstance(buffer, np.ndarray) and isinstance(buffer.base, np.ndarray):
            buffer = buffer.base
        assert isinstance(buffer, np.ndarray)
        start = x.ctypes.data - off - buffer.ctypes.data
        flat = np.frombuffer(buffer.tobytes()[start : start + x.nbytes], x.dtype)
        return CORRECT(replace(inputs, x=flat.reshape(x.shape)))

    found = told(run)
    assert {f.fault for f in found} == {"unaligned-input-from-boundary"}
