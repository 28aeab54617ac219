"""What the bounds do not cover is kept out, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Inputs
from conformance.checking.search.within_bounds import within_bounds

ONES = np.ones((3, 1), np.float32)
CALL = Inputs(x=np.array([[0.0], [1.0], [2.0]], np.float32), dy=ONES)
LONG = np.ones((20, 1), np.float32)
KEPT = Inputs(
    x=CALL.x,
    running_mean=np.zeros(1, np.float32),
    running_var=np.ones(1, np.float32),
    earlier=(CALL.x,),
)
IN_TEST_MODE = replace(KEPT, x=LONG, dy=LONG, earlier=(), training=False)


@pytest.mark.parametrize(
    "call",
    [
        CALL,
        KEPT,
        replace(CALL, x=CALL.x + 100),
        replace(CALL, x=ONES * np.float32(700.1)),
        replace(CALL, x=np.zeros_like(CALL.x), dy=np.zeros_like(CALL.x)),
        replace(CALL, dy=ONES.astype(np.float16) * np.float16(1e-7), x=CALL.x.astype(np.float16)),
        replace(CALL, x=CALL.x[:0], dy=ONES[:0]),
        replace(IN_TEST_MODE, dy=np.arange(20.0, dtype=np.float32).reshape(20, 1)),
        replace(IN_TEST_MODE, x=LONG[:16], dy=LONG[:16]),
    ],
)
def test_what_is_covered_stays(call: Inputs) -> None:
    """A call that the bounds cover must come back as it is."""
    assert within_bounds(call) is call


@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, dy=ONES * np.float32(1e-39)),
        replace(CALL, dy=ONES * np.float32(7e-38)),
        replace(CALL, dy=ONES * np.float32(7e-38), memory="broadcast"),
        IN_TEST_MODE,
    ],
)
def test_gradients_are_left_out(call: Inputs) -> None:
    """Where the bounds of a gradient do not hold there must be no dy, and nothing to broadcast."""
    found = within_bounds(call)
    assert found.dy is None
    assert found.memory == "contiguous"
    assert found.x is call.x


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_halves_have_no_earlier_batches(dtype: type) -> None:
    """Running statistics that are kept in a half type must have one update only."""
    given = KEPT.running_mean
    assert given is not None
    kept: Array = given.astype(dtype)
    call = replace(KEPT, running_mean=kept, running_var=kept + kept.dtype.type(1))
    assert within_bounds(call).earlier == ()
    assert within_bounds(replace(KEPT, x=KEPT.x.astype(dtype))).earlier == KEPT.earlier
