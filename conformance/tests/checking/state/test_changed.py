"""What changes from one call to the next of its shape stays a call like the first."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Inputs
from conformance.checking.state.changed import CHANGES
from conformance.float_types import finfo


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
@pytest.mark.parametrize("change", CHANGES)
def test_finite_numbers_stay_finite(kind: type, change: str) -> None:
    """The largest numbers of a type are made smaller where twice as much would be infinite."""
    largest = float(finfo(np.dtype(kind)).max)
    x: Array = np.array([[largest, 1.0], [-largest, 2.0]]).astype(kind)
    given: Array = np.array([largest, 0.5]).astype(kind)
    call = Inputs(x=x, dy=x, gamma=given, beta=given, running_mean=given, running_var=given)
    changed = CHANGES[change](call)
    arrays = changed.given()
    assert all(np.isfinite(array.astype(np.float64)).all() for array in arrays.values())
    assert {name: array.dtype for name, array in arrays.items()} == dict.fromkeys(arrays, x.dtype)
    assert any(not np.array_equal(array, call.given()[name]) for name, array in arrays.items()) or (
        changed.eps,
        changed.momentum,
    ) != (call.eps, call.momentum)
