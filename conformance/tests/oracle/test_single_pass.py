"""The class of the single-pass variance, and where the first order holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import Inputs
from conformance.oracle.bounds import is_gradable, spent_by_single_pass
from conformance.tests.oracle.equal_channels import channels, column, given


def test_single_pass_loses_the_squares() -> None:
    """The class of E[x^2] - mean^2 adds var + 2 A1^2 = 1 + 32 to S_var = 9, and r follows."""
    inputs = given([3, 5], momentum=0.25, running_mean=-8.0, running_var=2.0)
    assert column(inputs, "var", single_pass=True) == pytest.approx([42.0], rel=1e-12)
    assert column(inputs, "inv_std", single_pass=True) == pytest.approx(
        [(1 + 42 / 8) / 2], rel=1e-12
    )
    # and the running variance by M / (M - 1): 0.75 * 2 + 0.25 (2 + 2 * 42)
    assert column(inputs, "running_var", single_pass=True) == pytest.approx([23.0], rel=1e-12)
    assert column(inputs, "mean", single_pass=True) == [4.0]


def constant(eps: float) -> Inputs:
    """128 values 2^9 in float32: S_var = 2^-20 2^18 = 1/4, and 2^19 + 1/4 for the single pass.

    T u = 2^-20, so that s = (1 + 2^-21) / (2 eps).
    """
    return given([512] * 128, np.float32, eps=eps)


def test_single_pass_grows_beyond_first_order() -> None:
    """A quarter of V lost moves r by (1 - 1/4)^(-3/2) = 8 / 27^(1/2) times the first order."""
    slack = (2**19 + 0.25) / 4 * 8 / 27**0.5
    assert column(constant(2.0), "inv_std", single_pass=True) == pytest.approx(
        [(1 + slack) / 2**0.5], rel=1e-5
    )


def test_dx_of_the_single_pass_class_grows_with_r() -> None:
    """Values 511 and 513, 64 each, dy -1 and 1, eps 3: V = 4, r = w = 1/2, k = 1/8, dgamma 64.

    S_var = 1 + 2 * 512 + 1/4 and the class adds 1 + 2^19: 525314.25, of which 2^-20 / 4 is s.
    S_dgamma = 1/2 * 128 * 513 + 64 k S; w / M = 2^-8; dx = 1/2 (1 - 1/4).
    """
    dy = [-1.0] * 64 + [1.0] * 64
    inputs = given([511] * 64 + [513] * 64, np.float32, dy=dy)
    growth = (1 - 525314.25 * 2.0**-22) ** -1.5
    slack, twice = 525314.25 / 8 * growth, 525314.25 / 4 * growth
    S_dgamma = 64 * 513 + 64 * slack
    wanted = [
        (2 + (x + 512) / 256 * (64 + 2.0**-20 * S_dgamma) + (S_dgamma + 64 * twice) / 256) / 2
        + 0.375 * slack
        for x in (511, 513)
    ]
    found = column(inputs, "dx", single_pass=True)
    assert [found[0], found[-1]] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("eps", "wanted"),
    [
        (1 + 2.0**-21, 0.25),  # s = 1/2 exactly: nothing is left
        (1.0, 0.25),  # more than a half
        (1 + 2.0**-19, 2**19 + 0.25),  # less
    ],
)
def test_single_pass_has_no_class_from_half_of_the_variance_on(eps: float, wanted: float) -> None:
    """Where s reaches 1/2 the scale is that of any other algorithm."""
    assert column(constant(eps), "var", single_pass=True) == [wanted]


def test_without_a_class_r_has_no_growth() -> None:
    """From half of the variance on S_inv is r (1 + k S_var), k S_var = 1/4 / 2, and no more."""
    found = column(constant(1.0), "inv_std", single_pass=True)
    assert found == pytest.approx([1 + 0.25 / 2], rel=1e-13)


def strained(eps: float, **more: Any) -> Inputs:
    """A constant channel 2^20 in float32: T u S_var = 2^-40 2^40, so that the strain is 1 / eps."""
    return given([2**20, 2**20], np.float32, eps=eps, **more)


@pytest.mark.parametrize(("eps", "holds"), [(10.0001, True), (10.0, False), (9.9999, False)])
def test_first_order_holds_below_a_tenth(eps: float, *, holds: bool) -> None:
    """T u (2 k) S_var < 0.1, from both sides and at the edge, which is out."""
    assert is_gradable(strained(eps)) is holds


@pytest.mark.parametrize(("eps", "holds"), [(0.0509, True), (0.0507, False)])
def test_first_order_holds_with_eps_outside_in_its_own_way(eps: float, *, holds: bool) -> None:
    """With eps outside (2 k) is r w / 2 + w^2 / 2, which is larger than with eps inside.

    x = 2^12 -+ 2^-4 in float32: w = 16 and S_var = 2^-8 + 2 * 2^-4 2^12 + 2^-20 2^24 = 528.0039.
    2^-20 S_var (2 k) = 0.1 where 2 k = 198.594, so r = 8.8242 and eps = 0.11332 - 0.0625 = 0.0508.
    """
    inputs = given([4096 - 2.0**-4, 4096 + 2.0**-4], np.float32, eps=eps)
    assert is_gradable(inputs, eps_outside=True) is holds
    assert is_gradable(inputs)


def test_channels_that_are_not_finite_have_no_say() -> None:
    """A NaN or an infinity is judged as such; another channel is judged all the same."""
    x = channels([2**20, 2**20], np.float32)
    x[0, 1:] = np.nan, np.inf
    assert is_gradable(Inputs(x=x, eps=11.0))
    assert not is_gradable(Inputs(x=x, eps=9.0))


def test_what_a_single_pass_would_lose_is_no_strain() -> None:
    """T u (2 k) 2^19 = 1/8 is beyond a tenth, but S_var without that class is 1/4."""
    assert is_gradable(constant(4.0))


def test_what_is_given_or_empty_is_gradable() -> None:
    """Test mode has no statistics of its own, and a batch of nothing no values."""
    assert is_gradable(strained(1e-5, training=False, running_mean=0.0, running_var=0.0))
    assert is_gradable(Inputs(x=np.zeros((0, 3), np.float32)))


@pytest.mark.parametrize(
    ("x", "eps", "eps_outside", "wanted"),
    [
        # S = 9 + 1 + 2 * 16 = 42 and (2 k) = r^2 = 1/4: 16 u 42 / 4
        ([3, 5], 3.0, False, 168 * 2.0**-53),
        # S = 20 + 4 + 2 * 16 = 56; sigma 2, r = 1/4, w = 1/2: (2 k) = r w / 2 + w^2 / 2 = 3/16
        ([2, 6], 2.0, True, 168 * 2.0**-53),
        # and 1 / (4 + 12) with eps inside
        ([2, 6], 12.0, False, 56 * 2.0**-53),
    ],
)
def test_what_the_single_pass_spends(
    x: list[float], eps: float, wanted: float, *, eps_outside: bool
) -> None:
    """16 units of the single-pass variance are T u (2 k) (S_var + var + 2 A1^2) of V."""
    inputs = given(x, eps=eps)
    # Inside the root is what is taken where nothing is said.
    options = {"eps_outside": True} if eps_outside else {}
    assert spent_by_single_pass(inputs, **options) == pytest.approx(
        np.full((3, 1), wanted), rel=1e-12, abs=0
    )


def test_what_is_given_spends_nothing() -> None:
    """In test mode no variance is computed: 0, in a column of as many channels."""
    found = spent_by_single_pass(given([3, 5], training=False, running_mean=0.0, running_var=1.0))
    assert found.tolist() == [[0.0]] * 3
