"""What a prediction says before it is compared in earnest: what moves, what tells, what is near.

The case of `test_match`: dbeta is 1 in both channels, and its unit u = 2^-24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Array
from conformance.faults.fault import Fault
from conformance.tests.faults.test_match import (
    U,
    both,
    case,
    constant,
    fault,
    misshapen,
    of_chance,
    prediction,
)

SURELY = 0.016
"""A thousandth of the 16 units of grade A."""


def giving(*channels: float) -> Fault:
    """A fault that returns a number for dbeta in each of two channels."""
    column = np.array(channels)[:, np.newaxis]
    return fault({"dbeta": lambda s: column.astype(s.work)})


def y_of(rows: Sequence[Sequence[float]]) -> Fault:
    """A fault that returns these rows, a channel each, for y."""
    return fault({"y": lambda s: np.array(rows).astype(s.work)}, touches=("y",))


@pytest.mark.parametrize(("units", "moves"), [(SURELY * 0.99, False), (SURELY * 1.01, True)])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_rounding_may_hide_moves_nothing(units: float, sign: int, *, moves: bool) -> None:
    """Up to a thousandth of the bound in float64, in either direction, an output is as it was."""
    assert prediction(constant(1 + sign * units * U), case()).moves("dbeta") is moves
    assert prediction(giving(1.0, 1 + units * U), case()).moves("dbeta") is moves


def test_a_statistic_moves_by_what_its_widest_type_shows() -> None:
    """The mean of a float16 call may come back in float64: 2^-20 of it is a change there."""
    half = case(np.float16)
    assert prediction(constant(1 + 2.0**-20, "mean"), half).moves("mean")
    assert not prediction(constant(1 + 2.0**-20, "dbeta"), half).moves("dbeta")


def test_an_edit_of_what_is_delivered_moves_whatever_it_does() -> None:
    """Nor is a fault of rounding ever taken for one that changes nothing."""
    same = fault({"delivered": lambda _: lambda outputs: outputs})
    assert prediction(same, case()).moves("dbeta")
    assert prediction(fault({}, rounding=True), case()).moves("dbeta")
    assert not prediction(fault({}), case()).moves("dbeta")
    assert not prediction(same, case(beta=None)).moves("dbeta")
    assert not prediction(same, case()).moves("running_mean_of_nothing")
    silent = fault({"delivered": lambda _: lambda outputs: {"y": outputs["y"]}})
    assert not prediction(silent, case()).moves("dbeta")
    nobodys = fault({"outputs": lambda _: ["y", "dbeta"]})
    assert not prediction(nobodys, case(beta=None)).moves("dbeta")


def test_a_fault_that_does_not_exist_moves_nothing() -> None:
    """A fault of half types has no way to come out on a float32 call."""
    half = replace(constant(3.0), types=("float16",))
    assert not prediction(half, case()).moves("dbeta")
    assert prediction(half, case(np.float16)).moves("dbeta")


@pytest.mark.parametrize(("value", "moves"), [(0.0, False), (0.5, True)])
def test_where_nothing_has_a_bound_every_other_value_moves(value: float, *, moves: bool) -> None:
    """The first gradient of beta is 0, and its scale, |dy| added up, is infinite in float64."""
    dy = np.array([[1e308, 0.0], [-1e308, 0.0]])
    assert prediction(giving(value, 0.0), case(np.float64, dy=dy)).moves("dbeta") is moves


@pytest.mark.parametrize(
    ("channels", "tells"),
    [
        ((3.0, 3.0), True),
        ((3.0, 1.0), True),
        ((0.0, 0.0), False),  # many faults end in zeros,
        ((np.inf, np.inf), False),  # in infinities
        ((np.nan, np.nan), False),  # or in NaN
        ((0.0, 1.0), True),  # but in one channel it tells
        ((np.nan, 1.0), True),
        ((0.0, np.nan), False),
        ((1.0, 1.0), False),  # nothing is wrong
        ((1 + 90 * U, 1 + 90 * U), False),  # within 32 of its own units of 3 u
        ((1 + 100 * U, 1 + 100 * U), True),
        ((1 - 100 * U, 1 - 100 * U), True),
    ],
)
def test_a_value_tells_a_fault_where_it_is_its_own(
    channels: tuple[float, float], *, tells: bool
) -> None:
    """What is wrong by more than rounding, finite and not 0, or not wrong everywhere."""
    assert prediction(giving(*channels), case()).tells("dbeta") is tells


@pytest.mark.parametrize(("part", "tells"), [(2.0**-20, True), (2.0**-19, False)])
def test_what_is_wrong_by_rounding_is_not_wrong(part: float, *, tells: bool) -> None:
    """A fault of 0, whose own unit is u 1 + 0: where 32 u is right it is not wrong, at 64 u it is.

    The right gradients are (1/2 + part) - (1/2 - part) and 1; zeros that are wrong in both channels
    tell nothing, those that are wrong in one do.
    """
    dy = np.array([[0.5 + part, 0.5], [part - 0.5, 0.5]], np.float32)
    assert prediction(constant(0.0), case(dy=dy)).tells("dbeta") is tells


def test_a_wrong_shape_tells_by_itself() -> None:
    """Whatever its values are."""
    made = fault({"dbeta": lambda s: np.zeros((2, 1), s.work), "delivered": lambda _: misshapen})
    assert prediction(made, case()).tells("dbeta")


@pytest.mark.parametrize(
    ("actual", "near"),
    [
        ([3.0, 3.0], True),
        ([3.1875, 2.8125], True),  # a sixteenth of the value, included
        ([3.1876, 3.0], False),
        ([3.0, 2.8124], False),
        ([np.nan, 3.0], True),  # what is no number is compared later
        ([np.inf, 3.0], True),
        ([-3.0, -3.0], False),
    ],
)
def test_at_a_glance_a_sixteenth_is_near(actual: list[float], *, near: bool) -> None:
    """By the largest value of the channel."""
    found = prediction(constant(3.0), case())
    assert found.roughly("dbeta", np.array(actual, np.float32)) is near


def test_each_channel_has_a_size_of_its_own() -> None:
    """A large value excuses the others of its channel, and none of another."""
    found = prediction(y_of([[8.0, 1.0], [1.0, 1.0]]), case())

    def rows(*values: list[float]) -> Array:
        return np.array(values, np.float32).T

    assert found.roughly("y", rows([8.0, 1.5], [1.0, 1.0625]))
    assert not found.roughly("y", rows([8.0, 1.5], [1.0, 1.07]))
    assert not found.roughly("y", rows([8.0, 1.51], [1.0, 1.0]))
    small = prediction(y_of([[2.0**-9, 0.0], [np.inf, 0.0]]), case())
    assert not small.roughly("y", rows([2.0**-9, 2.0**-12], [0.0, 0.0]))
    assert not small.roughly("y", rows([2.0**-9, 0.0], [0.0, 2.0**-12]))
    assert small.roughly("y", rows([2.0**-9, 2.0**-13], [0.0, 0.0]))


def test_any_way_may_be_near_and_what_is_not_there_is_not() -> None:
    """The second way counts as the first; another shape or an output that never came does not."""
    two = prediction(of_chance(2), case())
    assert two.roughly("dbeta", both(4.0))
    assert not two.roughly("dbeta", both(5.0))
    assert not two.roughly("dgamma", both(4.0))
    assert not two.roughly("dbeta", both(3.0).reshape(2, 1))
    touched = fault({"delivered": lambda _: lambda outputs: outputs})
    assert prediction(touched, case()).roughly("dbeta", both(7.0))
