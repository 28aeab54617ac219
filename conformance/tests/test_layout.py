"""Axis orders and their names."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import layout
from conformance.case import Inputs


@pytest.mark.parametrize(
    ("rank", "axis", "name"),
    [
        (2, 1, "NC"),
        (2, -1, "NC"),
        (3, 1, "NCL"),
        (3, -1, "NLC"),
        (4, 1, "NCHW"),
        (4, 3, "NHWC"),
        (5, 1, "NCDHW"),
        (5, -1, "NDHWC"),
        (4, 2, "rank 4, axis 2"),
        (4, (1, 2, 3), "per-activation"),
    ],
)
def test_layouts_have_the_names_that_people_use(
    rank: int, axis: int | tuple[int, ...], name: str
) -> None:
    """Rank and channel axis give the usual name, and are spelled out where there is none."""
    assert layout.name(Inputs(x=np.zeros((2,) * rank), axis=axis)) == name


@pytest.mark.parametrize("axis", [0, 1, 2, 3, -1, -2])
def test_moving_channels_can_be_undone(axis: int) -> None:
    """Both moves put the channels where they say, keep the other axes' order, and come back."""
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    first, last = layout.channels_first(x, axis), layout.channels_last(x, axis)
    assert first.shape[1] == last.shape[-1] == x.shape[axis]
    assert np.array_equal(last, np.moveaxis(x, axis, -1))
    assert np.array_equal(layout.from_channels_first(first, axis), x)
    assert np.array_equal(layout.from_channels_last(last, axis), x)
