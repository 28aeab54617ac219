"""Every term of every error scale, on the numbers of `oracle.equal_channels`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.errors import InputError
from conformance.oracle.arithmetic import underflow
from conformance.oracle.bounds import scales
from conformance.oracle.expected import solve_inputs
from conformance.tests.oracle.by_hand import make
from conformance.tests.oracle.equal_channels import FULL, O32, channels, column, given


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        ([3, 5], 4.0),
        ([-3, 3], 3.0),  # of the sizes, not of the values
    ],
)
def test_mean(x: list[float], wanted: float) -> None:
    """S_mean is mean|x|."""
    assert column(given(x), "mean") == [wanted]


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        ([3, 5], 1 + 2 * 4),  # the cross term above all: d = 1, |x| = 3 and 5
        ([-2, 2], 4 + 2 * 4),  # no term is smaller than the variance where the mean is 0
        ([0, 0, 0, 8], 12 + 2 * 12),  # d = 2, 2, 2, 6: var (12 + 36) / 4, cross 6 * 8 / 4
    ],
)
def test_variance(x: list[float], wanted: float) -> None:
    """S_var is var + 2 mean(d |x|), whose two weights these inputs fix."""
    assert column(given(x), "var") == pytest.approx([wanted], rel=1e-13)


def test_variance_of_a_constant_channel_is_the_squared_error_of_the_mean() -> None:
    """T u A1^2 is all that is left where d is 0: 16 * 2^-24 * 2^20 = 1."""
    assert column(given([1024, 1024], np.float32), "var") == [1.0]


def test_inverse_deviation() -> None:
    """S_inv is r (1 + k S_var) = 1/2 * (1 + 9/8)."""
    assert column(given([3, 5]), "inv_std") == pytest.approx([17 / 16], rel=1e-13)


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        # |gamma| r (|x| + A1 + d (1 + k S_var)) + |beta|: the sizes above all
        (FULL, [3 * (3 + 4 + 17 / 8) + 5, 3 * (5 + 4 + 17 / 8) + 5]),
        # without gamma and beta they count as 1 and 0
        ({}, [(3 + 4 + 17 / 8) / 2, (5 + 4 + 17 / 8) / 2]),
        # beta alone
        ({"gamma": 0.0, "beta": -5.0}, [5, 5]),
        # V = 1/4 + 1/4: test mode, around the mean; sizes alone, no deviation, no slack
        ({"training": False, "running_mean": 3.0, "running_var": 1.0}, [3.0, (5 + 3 + 2) / 2]),
        # a mean of the other sign: |x| + A1 + d with A1 = |-4|
        (
            {**FULL, "training": False, "running_mean": -4.0, "running_var": 1.0},
            [3 * (3 + 4 + 7) + 5, 3 * (5 + 4 + 9) + 5],
        ),
    ],
)
def test_output(more: dict[str, Any], wanted: list[float]) -> None:
    """S_y is |gamma| r (|x| + A1 + d (1 + k S_var)) + |beta|."""
    assert column(given([3, 5], **more), "y") == pytest.approx(wanted, rel=1e-13)


def test_slack_dominates_where_the_variance_is_small_beside_the_mean() -> None:
    """With x = 1000 -+ 1 and eps 0: V = 1, S_var = 1 + 2000, d (1 + 1000.5) beside 1000 + |x|."""
    wanted = [999 + 1000 + 1 + 1000.5, 1001 + 1000 + 1 + 1000.5]
    assert column(given([999, 1001], eps=0.0), "y") == pytest.approx(wanted, rel=1e-9)


def test_dbeta() -> None:
    """S_dbeta is sum|dy|: 2 + 7, where dbeta itself is -5."""
    assert column(given([3, 5], **FULL), "dbeta") == [9.0]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        # r (sum |dy| (d + |x|) + |dbeta| A1) + |dgamma| k S_var
        (FULL, (2 * (1 + 3) + 7 * (1 + 5) + 5 * 4) / 2 + 4.5 * 9 / 8),
        # no |dbeta| A1 and no |dgamma|: dy = [0, 0] but for one, where d is 0
        (
            {"dy": [0, -7], "training": False, "running_mean": 5.0, "running_var": 1.0},
            (7 * (0 + 5) + 7 * 5) / 2,
        ),
        # test mode has no slack: d = 7 and 9
        (
            {**FULL, "training": False, "running_mean": -4.0, "running_var": 1.0},
            (2 * (7 + 3) + 7 * (9 + 5) + 5 * 4) / 2,
        ),
    ],
)
def test_dgamma(more: dict[str, Any], wanted: float) -> None:
    """S_dgamma is r (sum |dy| (d + |x|) + M o + |dbeta| A1) + |dgamma| k S_var."""
    assert column(given([3, 5], **more), "dgamma") == pytest.approx([wanted], rel=1e-13)


def test_dgamma_of_a_small_variance_is_the_slack() -> None:
    """With x = 1000 -+ 1, eps 0 and dy = [-1, 1]: dgamma = 2, k S_var = 1000.5, dbeta = 0."""
    wanted = (1 * (1 + 999) + 1 * (1 + 1001)) + 2 * 1000.5
    found = column(given([999, 1001], eps=0.0, dy=[-1, 1]), "dgamma")
    assert found == pytest.approx([wanted], rel=1e-9)


def test_dx() -> None:
    """S_dx adds up slope, mean slope, the error of x - mean, that of dgamma, of r, and of r again.

    S_dgamma = 40.0625 (see `test_dgamma`), w / M = 1/4 and (2 k) S_var = 9/4.
    """
    S_dgamma = 40.0625
    wanted = [
        3 * (slope + 4.5 + (x + 4) / 4 * 4.5 + 1 / 4 * S_dgamma + 1 / 4 * 4.5 * 9 / 4)
        + 10.125 * 9 / 8
        for x, slope in ((3, 2), (5, 7))
    ]
    assert column(given([3, 5], **FULL), "dx") == pytest.approx(wanted, rel=1e-13)


def test_dx_of_a_constant_channel_is_slope_and_mean_slope() -> None:
    """Where d and dgamma are 0: r (|dy| + D1) with r = 2, D1 = 4, and T u S_dgamma beside it."""
    inputs = given([4, 4], eps=0.25, dy=[0, 8])
    assert column(inputs, "dx") == pytest.approx([8, 24], rel=1e-11)


def test_dx_of_a_constant_channel_of_single_precision_is_a_product_of_two_errors() -> None:
    """(|x| + A1) w T u S_dgamma / M is all: c = 2^12, r = w = 2, S_dgamma = 2 (2 c + 2 c) = 2^15.

    2^13 * 2 / 2 * 2^-20 * 2^15 = 256 beside |dy| + D1 = 2, and r before it.
    """
    assert column(given([4096, 4096], np.float32, eps=0.25, dy=[1, 1]), "dx") == [516.0, 516.0]


def test_dx_in_test_mode_is_the_slope_alone() -> None:
    """The statistics are given: |gamma| r |dy| = 3 * 2 and 3 * 7."""
    inputs = given([3, 5], **FULL, training=False, running_mean=-4.0, running_var=1.0)
    assert column(inputs, "dx") == pytest.approx([6, 21], rel=1e-13)


OUTSIDE = given([2, 6], eps=2.0, dy=[2, -7], gamma=-6.0, beta=-5.0)
"""Sigma 2, so r = 1/4 and w = 1/2; k = r w / 2 = 1/16, k + 1 / (2 var) = 3/16; d = 2, A1 = 4.

S_var = 4 + 2 * 2 * 4 = 20, so the slack of r is 5/4 and that of dx 15/4.  sum dy d = -18, dgamma
-4.5, |gamma| r = 3/2.
"""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("inv_std", [(1 + 5 / 4) / 4]),
        ("y", [1.5 * (2 + 4 + 2 * 9 / 4) + 5, 1.5 * (6 + 4 + 2 * 9 / 4) + 5]),
        ("dgamma", [(2 * (2 + 2) + 7 * (2 + 6) + 5 * 4) / 4 + 4.5 * 5 / 4]),
    ],
)
def test_outside(name: str, wanted: list[float]) -> None:
    """With eps outside the root k = 1 / (2 sigma (sigma + eps))."""
    assert column(OUTSIDE, name, eps_outside=True) == pytest.approx(wanted, rel=1e-13)


def test_outside_dx() -> None:
    """With eps outside w = 1 / sigma in dx, and (2 k) becomes k + 1 / (2 var).

    dx = gamma (r (dy - mean dy) - r^2 w d mean(dy d)): mean dy = -2.5 and mean(dy d) = -9, so
    -6 (4.5 / 4 - 1/16 * 1/2 * -2 * -9) = -3.375 in front and 3.375 behind.
    """
    S_dgamma = 84 / 4 + 4.5 * 5 / 4
    wanted = [
        1.5 * (slope + 4.5 + (x + 4) / 4 * 4.5 + 2 / 4 * S_dgamma + 2 / 4 * 4.5 * 15 / 4)
        + 3.375 * 5 / 4
        for x, slope in ((2, 2), (6, 7))
    ]
    assert column(OUTSIDE, "dx", eps_outside=True) == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(
    ("dtype", "smallest"), [(np.float16, O32), (np.float32, O32), (np.float64, 2.0**-1022)]
)
def test_what_underflows_has_the_smallest_normal_number(dtype: Any, smallest: float) -> None:
    """O is that of the type computed in, and is added to every |x| and every |dy|."""
    inputs = given([0, 0], dtype, dy=[0, 0])
    assert underflow(inputs) == smallest
    assert column(inputs, "mean") == [smallest]
    assert column(inputs, "dbeta") == [2 * smallest]


def test_size_of_the_given_mean_has_it_too() -> None:
    """In test mode A1 is |running_mean| + o: r (|x| + A1) = 1/2 * 2 o."""
    inputs = given([0, 0], np.float32, training=False, running_mean=0.0, running_var=1.0)
    assert column(inputs, "y") == [O32, O32]


def test_products_that_underflow_count_once_each() -> None:
    """(r + R) M o in S_dgamma: 3/2 * 4 * o with eps = 4, where x, dy and their products are 0."""
    inputs = given([0] * 4, np.float32, eps=4.0, dy=[0] * 4)
    assert column(inputs, "dgamma") == [6 * O32]


def test_what_underflowed_may_be_multiplied_later() -> None:
    """By x, gamma and powers of r: l = o (1 + (3 + 5 + 5) 2^10), R = 2^10 and gamma 2.

    S_dgamma = 2 (2^10 (o (2 + 3) + o) + 2^10 l), dy being 0.  S_dx is 2 2^10 o + 2 2^10 o in test
    mode, where dx knows no x, and in training has 2 2^30 l, with l = o (1 + (3 + 3 + 3) 2^10).
    """
    inputs = given(
        [3, 3], np.float32, eps=2.0**-21, dy=[0, 0], gamma=-2.0, training=False,
        running_mean=5.0, running_var=2.0**-21,
    )  # fmt: skip
    below = 1 + 13 * 2.0**10
    assert column(inputs, "dx") == [2.0**12 * O32] * 2
    assert column(inputs, "dgamma") == [(2 * 2.0**10 * 6 + 2 * 2.0**10 * below) * O32]
    trained = column(replace(inputs, training=True, eps=2.0**-20), "dx")[0] / O32
    lost = 2.0**31 * (1 + 9 * 2.0**10)
    assert lost < trained < 1.1 * lost


@pytest.mark.parametrize("training", [True, False])
def test_a_product_with_r_may_underflow(*, training: bool) -> None:
    """O is all that is left of S_dx where gamma is 0, r below 1 and x is 0."""
    var = 4.0 if training else 1.0
    inputs = given(
        [0, 0], np.float32, eps=4.0 if training else 3.0, dy=[0, 0], gamma=0.0, training=training,
        running_mean=0.0, running_var=var,
    )  # fmt: skip
    assert column(inputs, "dx") == [O32, O32]


def test_a_slope_may_underflow_too() -> None:
    """In test mode S_dx is r (|dy| + o) + o with r = 1/2, where dy is 0."""
    inputs = given([0, 0], np.float32, dy=[0, 0], training=False, running_mean=0.0, running_var=1.0)
    assert column(inputs, "dx") == [1.5 * O32, 1.5 * O32]


@pytest.mark.parametrize(
    ("momentum", "wanted"),
    [
        (0.25, 0.75 * 8 + 0.25 * (8 + 4)),
        (1.5, 0.5 * 8 + 1.5 * (8 + 4)),  # the size of 1 - m counts
        (-0.5, 1.5 * 8 + 0.5 * (8 + 4)),  # and that of m
    ],
)
def test_running_mean(momentum: float, wanted: float) -> None:
    """S_running_mean is |1 - m| S + |m| (|old| + A1), from S = |rm| = 8 on."""
    inputs = given([3, 5], momentum=momentum, running_mean=-8.0, running_var=2.0)
    assert column(inputs, "running_mean") == pytest.approx([wanted], rel=1e-13)


def test_running_variance() -> None:
    """S_running_var has M / (M - 1) = 2 on the variance's scale: 0.75 * 2 + 0.25 (2 + 2 * 9)."""
    inputs = given([3, 5], momentum=0.25, running_mean=-8.0, running_var=2.0)
    assert column(inputs, "running_var") == pytest.approx([6.5], rel=1e-13)


def test_earlier_batches_count_step_by_step() -> None:
    """A batch [1, 3] before: mean 2 and S 2, variance 1 and S 5, both times M / (M - 1) = 2.

    The mean: size 0.75 * 8 + 0.25 * 2 = 6.5, scale 0.75 * 8 + 0.25 (8 + 2) = 8.5; then
    0.75 * 8.5 + 0.25 (6.5 + 4) = 9.  The variance: size 0.75 * 2 + 0.25 * 2 = 2, scale
    0.75 * 2 + 0.25 (2 + 10) = 4.5; then 0.75 * 4.5 + 0.25 (2 + 18) = 8.375.
    """
    before = {"earlier": (channels([1, 3]),)}
    inputs = given([3, 5], momentum=0.25, running_mean=-8.0, running_var=2.0, **before)
    assert column(inputs, "running_mean") == pytest.approx([9.0], rel=1e-13)
    assert column(inputs, "running_var") == pytest.approx([8.375], rel=1e-13)
    assert column(inputs, "var") == pytest.approx([9.0], rel=1e-13)  # of the last batch alone


def test_correction_is_that_of_the_values() -> None:
    """Three values [1, 1, 4] have 3/2: var 2, S_var = 2 + 20/3; 0.75 * 2 + 0.25 (2 + 13)."""
    inputs = given([1, 1, 4], momentum=0.25, running_mean=-8.0, running_var=2.0)
    assert column(inputs, "running_var") == pytest.approx([5.25], rel=1e-13)


def test_one_value_per_channel_has_no_correction() -> None:
    """M - 1 = 0 divides nothing: S_var = 16 u 2^20 = 1, and 0.25 of it is left."""
    inputs = given([1024], np.float32, momentum=0.25, running_mean=0.0, running_var=0.0)
    found = scales(inputs, solve_inputs(inputs))
    assert np.asarray(found["running_var"]).tolist() == [0.25] * 3


def test_an_empty_batch_has_no_scale() -> None:
    """Every output of an empty batch is exact: zeros in its shape."""
    inputs = make((0, 3), np.float32)
    answers = solve_inputs(inputs)
    found = scales(inputs, answers)
    assert found.keys() == answers.items().keys()
    assert all(np.asarray(v).shape == answers.items()[n].shape for n, v in found.items())
    assert not any(np.asarray(v).any() for v in found.values())


@pytest.mark.parametrize("missing", ["running_mean", "running_var"])
def test_scales_in_test_mode_want_both_statistics(missing: str) -> None:
    """One of the two alone is refused in words."""
    inputs = given([3, 5], training=False, running_mean=0.0, running_var=1.0)
    answers = solve_inputs(inputs)
    object.__setattr__(inputs, missing, None)
    with pytest.raises(InputError, match="running statistics are None, expected both"):
        scales(inputs, answers)


def test_layout_is_the_inputs() -> None:
    """With channels last y and dx have the shape of x, the rest that of the channels."""
    inputs = make((2, 3, 4, 5), np.float64, axis=3)
    found = scales(inputs, solve_inputs(inputs))
    assert {n: np.asarray(v).shape for n, v in found.items() if n in ("y", "dx")} == {
        "y": (2, 3, 4, 5),
        "dx": (2, 3, 4, 5),
    }
    assert {np.asarray(v).shape for n, v in found.items() if n not in ("y", "dx")} == {(5,)}
