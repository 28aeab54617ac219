"""What a call is to the contracts: sizes, sums that overflow, subnormal numbers taken for zeros."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Inputs, Problem
from conformance.oracle import solve
from conformance.oracle.edges import EDGES, Edges
from conformance.oracle.edges.call import Call, Extent, Returned
from conformance.oracle.solve import owed

HUGE = float(np.finfo(np.float32).max)
TINY = float(np.finfo(np.float32).tiny)


def call(x: list[list[float]], dy: list[list[float]] | None = None, **given: Any) -> Call:
    """A call in float32; each list of x and dy is a channel."""
    inputs = Inputs(x=channels(x), dy=None if dy is None else channels(dy), **given)
    made = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    return Call(inputs=inputs, answers=made.expected)


def channels(rows: list[list[float]]) -> Array:
    """Channels as columns."""
    return np.array(rows, dtype=np.float32).T


@pytest.mark.parametrize(
    ("values", "least", "most", "nan", "infinite"),
    [
        ([0.25, -0.5, 0.0], 0.25, 0.5, False, False),
        ([np.inf, 0.25], 0.25, 0.25, False, True),
        ([np.nan, -0.25], 0.25, 0.25, True, False),
        ([np.nan, -np.inf], np.inf, 0.0, True, True),
        ([0.0], np.inf, 0.0, False, False),
        ([], np.inf, 0.0, False, False),
    ],
)
def test_an_extent_is_that_of_the_finite_numbers(
    values: list[float], least: float, most: float, *, nan: bool, infinite: bool
) -> None:
    """The smallest that is not 0 and the largest finite one, whatever stands beside them."""
    found = Extent.of(np.array(values))
    assert found == Extent(least=least, most=most, nan=nan, infinite=infinite)


def test_one_number_that_is_none_makes_a_call_not_finite() -> None:
    """A NaN alone does, and an infinity alone."""
    assert call([[1.0, 2.0]]).is_finite
    assert not call([[1.0, np.nan]]).is_finite
    assert not call([[1.0, np.inf]]).is_finite


OVERFLOWING = {
    "nothing": ([1.0, 2.0], [1.0, 1.0], False),
    "|x|": ([3e38, 3e38], [0.0, 0.0], True),
    "d^2": ([2e19, -2e19], [0.0, 0.0], True),
    "|dy|": ([1.0, 1.0], [3e38, -3e38], True),
    "|dy| at its largest": ([1.0, 1.0], [HUGE, 0.0], False),
    "|dy d|": ([1e19, -1e19], [1e20, 1e20], True),
    "x dy, and d is 0": ([1e19, 1e19], [1e20, 1e20], False),
}


def test_channels_whose_sums_overflow_in_training() -> None:
    """|x|, d^2, |dy| and |dy d| count, by the channel; the largest number is none beyond it."""
    x, dy, over = zip(*OVERFLOWING.values(), strict=True)
    found = call([*x], [*dy]).overflowing
    assert dict(zip(OVERFLOWING, found.tolist(), strict=True)) == dict(
        zip(OVERFLOWING, over, strict=True)
    )


def test_no_arrays_have_no_extent() -> None:
    """Neither a smallest number nor a largest one."""
    assert Extent.of() == Extent(least=np.inf, most=0.0, nan=False, infinite=False)


@pytest.mark.parametrize(("name", "exceeds"), [("", False), ("mean", True), ("var", True)])
def test_an_answer_exceeds_what_its_own_output_may_be(name: str, *, exceeds: bool) -> None:
    """Each answer is as large as its output may be; one that is larger by a float is enough."""
    of = call([[3.0, 5.0]])
    most = {n: float(np.abs(answer).max()) for n, answer in of.answers.items().items()}
    assert (most["mean"], most["var"]) == (4.0, 1.0)
    if name:
        most[name] = float(np.nextafter(most[name], 0.0))
    assert of.exceeds(lambda output: most[output]) is exceeds


def test_many_squares_overflow_where_four_would_not() -> None:
    """Eight squares of 6.4e37 are beyond the largest number, and so is their channel alone."""
    assert call([[8e18, -8e18] * 4]).overflowing.tolist() == [True]


def test_channels_whose_sums_overflow_in_test_mode() -> None:
    """No sum is formed but those of the gradients, with x less the running mean."""
    mean, var = np.array([1e19, -1e19, 3e38], np.float32), np.ones(3, np.float32)
    running: dict[str, Any] = {"running_mean": mean, "running_var": var, "training": False}
    x = [[1e19, 1e19], [1e19, 1e19], [3e38, 3e38]]
    dy = [[1e20, 1e20], [1e20, 1e20], [1.0, 1.0]]
    assert call(x, dy, **running).overflowing.tolist() == [False, True, False]
    assert not call(x, **running).overflowing.any()


def test_subnormal_inputs_are_zeros_in_each_array_alone_and_in_all() -> None:
    """The smallest normal number is kept; one array makes one way, two make three."""
    x, dy = [[TINY, TINY / 2, 1.0]], [[1.0, TINY / 4, -TINY]]
    flat_x, flat_dy = channels([[TINY, 0.0, 1.0]]), channels([[1.0, 0.0, -TINY]])
    both = call(x, dy)
    ways: list[dict[str, Any]] = [
        {"x": flat_x},
        {"dy": flat_dy},
        {"x": flat_x, "dy": flat_dy},
    ]
    for found, way in zip(both.flushed, ways, strict=True):
        wanted = owed(replace(both.inputs, **way), eps_outside=False)
        assert found.items().keys() == wanted.items().keys()
        for name, value in found.items().items():
            assert np.array_equal(value, wanted.items()[name]), name
    (alone,) = call(x, [[1.0, 2.0, 3.0]]).flushed
    assert alone.y is not None
    assert call([[TINY, 1.0]]).flushed == ()
    (tiny,) = call([[TINY, TINY / 2]]).flushed
    assert tiny.mean is not None
    assert tiny.mean.tolist() == [TINY / 2]  # of TINY and 0


def explained(edge: str, of: Call, name: str, numbers: tuple[float, float, float]) -> bool:
    """Whether an edge explains one answer: exact, what came back, and the bound."""
    exact, actual, bound = numbers
    back = Returned(
        name=name,
        field=name,
        exact=np.array([exact]),
        actual=np.array([actual]),
        bound=np.array([bound]),
        dtype=np.dtype(np.float32),
    )
    return bool(EDGES[edge].explains(of, back)[0])


def test_flushed_inputs_explain_what_lies_between_and_one_bound_beyond() -> None:
    """From 0 less the bound to the exact mean more the bound, both included."""
    of, mean = call([[TINY / 2, TINY / 4]]), 3 * TINY / 8
    bound = mean / 4
    for value, step in ((-bound, -1.0), (mean + bound, 1.0)):
        assert explained("subnormal-inputs", of, "mean", (mean, value, bound))
        beyond = float(np.nextafter(value, step))
        assert not explained("subnormal-inputs", of, "mean", (mean, beyond, bound))
    assert not explained("subnormal-inputs", of, "mean", (mean, 0.0, mean))


def test_a_normal_result_is_not_explained_as_subnormal() -> None:
    """The smallest normal number may not come back as 0; the next below it may."""
    of = call([[TINY, TINY]])
    assert not explained("subnormal-results", of, "mean", (TINY, 0.0, 0.0))
    assert explained("subnormal-results", of, "mean", (float(np.nextafter(TINY, 0)), 0.0, 0.0))


def test_an_infinite_variance_leaves_beta_in_y_and_0_in_all_others() -> None:
    """Y is beta where sums overflow, and dx is 0; the other way round is wrong."""
    of = call([[2e19, -2e19]], beta=np.array([2.0], np.float32))
    for name, left in (("y", 2.0), ("inv_std", 0.0)):
        assert explained("overflowing-sums", of, name, (1.0, left, 0.0))
        assert not explained("overflowing-sums", of, name, (1.0, 2.0 - left, 0.0))


def test_results_beyond_the_largest_number_may_be_that_or_none() -> None:
    """With its sign; and from where the bound reaches the largest number."""
    of = call([[1.0, 2.0]])
    for sign in (1.0, -1.0):
        for actual, wanted in ((sign * HUGE, True), (np.nan, True), (-sign * HUGE, False)):
            assert explained("overflowing-results", of, "y", (sign * HUGE, actual, 0.0)) is wanted
    assert explained("overflowing-results", of, "y", (HUGE / 2, np.nan, HUGE / 2))
    assert not explained("overflowing-results", of, "y", (HUGE / 2, np.nan, HUGE / 4))


def posed(of: Call) -> tuple[str, ...]:
    """The edges that a call poses."""
    return Edges(of.inputs, of.answers).posed


def test_the_smallest_and_the_largest_number_pose_no_edge() -> None:
    """What is just normal is no subnormal number, and what just fits does not overflow."""
    assert posed(call([[TINY, 1.0]])) == posed(call([[TINY, TINY]])) == ()
    assert "subnormal-inputs" in posed(call([[TINY / 2, 1.0]]))
    assert "overflowing-results" not in posed(call([[HUGE, HUGE]]))
    assert "overflowing-results" in posed(
        call([[1.0, -1.0]], gamma=np.array([3e38], np.float32), beta=np.array([3e38], np.float32))
    )


@pytest.mark.parametrize(
    ("variance", "training", "wanted"),
    [(-0.5, False, True), (-0.25, False, False), (0.5, False, False), (-0.5, True, False)],
)
def test_a_variance_is_negative_with_its_eps_in_test_mode(
    variance: float, *, training: bool, wanted: bool
) -> None:
    """Beyond -eps, here a quarter, and only where it is read."""
    running: dict[str, Any] = {"running_mean": np.zeros(1), "running_var": np.array([variance])}
    inputs = Inputs(x=np.ones((2, 1)), eps=0.25, training=training, **running)
    made = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    assert ("negative-variance" in Edges(inputs, made.expected).posed) is wanted
