"""Answers: every one that a problem asks for is there, proven and bounded, or it is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.case import Case, Inputs, Problem
from conformance.cases.own.answers import answered
from conformance.errors import RecipeError, UnprovenError
from conformance.oracle.bounds import is_gradable

X = np.array([[1, 2, 4], [3, 5, -1], [8, 1, 0], [2, 7, 3]], np.float32)
RUNNING = {"running_mean": X[0], "running_var": X[3]}


def problem(**given: Any) -> Problem:
    """A small problem, called own/a."""
    inputs = Inputs(**{"x": X, "dy": X[::-1] / 4, "gamma": -X[0], "beta": X[1], **given})
    return Problem(id="own/a", group="own", catches="A mistake.", made="by hand", inputs=inputs)


def test_every_answer_is_there_and_proven() -> None:
    """A usual call has all outputs, and all of their values are counted as proven."""
    case, proven = answered(problem(**RUNNING))
    assert len(case.expected.items()) == 10
    assert proven == sum(array.size for array in case.expected.items().values())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": X[:0], "dy": X[:0]}, r"x has shape \(0, 3\) and no value"),
        (
            {"x": X[:, :0], "dy": None, "gamma": None, "beta": None},
            r"x has shape \(4, 0\) and no value",
        ),
        ({"x": X[:1], "dy": X[:1], **RUNNING}, r"\(1, 3\) has 1 value for each.*M - 1"),
        ({"gamma": X[0, :2]}, r"gamma has shape \(2,\)"),
        ({"eps": -1.0}, "eps is -1.0"),
        ({"training": False}, "test mode"),
        ({"x": X.astype(np.int32), "dy": None}, "x has type int32"),
    ],
)
def test_what_has_no_answer_is_refused(given: dict[str, Any], message: str) -> None:
    """A call on which an output has no value is told by its id, with what was found."""
    with pytest.raises(RecipeError, match=f"own/a: .*{message}"):
        answered(problem(**given))


@pytest.mark.parametrize("channel", [0, 2])
def test_what_has_no_bound_is_refused_with_its_numbers(channel: int) -> None:
    """Of an ill-conditioned call the worst channel is told, and what roundoff is worth there."""
    x = X.copy()
    x[:, channel] += 1e6
    made = problem(x=x)
    assert not is_gradable(made.inputs)
    with pytest.raises(RecipeError, match="less than 10 % was wanted") as caught:
        answered(made)
    said = str(caught.value)
    assert f"own/a: channel {channel} has mean {x[:, channel].mean():.4g}" in said
    assert f"standard deviation {float(np.std(x[:, channel].astype(float))):.4g}" in said


def test_a_constant_channel_without_eps_has_no_bound() -> None:
    """Where the root is 0 there is no bound at all, and the message says so without a number."""
    x = X.copy()
    x[:, 1] = 3.0
    with pytest.raises(RecipeError, match=r"channel 1 has mean 3, .* may change all of var"):
        answered(problem(x=x, eps=0.0))


def test_the_worst_position_is_told_in_per_activation_mode() -> None:
    """Where statistics have several axes the place has several numbers."""
    x = np.stack([X, X], axis=2)
    x[:, 1, 1] += 1e6
    with pytest.raises(RecipeError, match=r"channel \[1, 1\] has mean"):
        answered(problem(x=x, dy=None, gamma=None, beta=None, axis=(1, 2)))


def test_running_statistics_that_may_overflow_are_refused() -> None:
    """Half-precision running statistics that come near the largest value have no bound."""
    half = {name: array.astype(np.float16) for name, array in RUNNING.items()}
    x = (X * 90).astype(np.float16)
    with pytest.raises(RecipeError, match="near its largest value, 65504"):
        answered(problem(x=x, dy=None, gamma=None, beta=None, earlier=(x,), momentum=1.0, **half))


def test_a_root_without_a_value_is_refused() -> None:
    """In test mode a variance below -eps is told as what it is."""
    given = {**RUNNING, "running_var": -X[3], "training": False}
    with pytest.raises(RecipeError, match=r"y\[0, 0\] is nan .*running_var is -7 and eps is 1e-05"):
        answered(problem(**given))


def test_an_answer_beyond_float64_is_refused() -> None:
    """A finite call whose y is larger than any float64 has no value that could be stored."""
    wide = X.astype(np.float64)
    given = {"x": wide, "dy": None, "gamma": np.full(3, 1.7e308), "beta": None}
    with pytest.raises(RecipeError, match=r"y\[\d, \d\] is -?inf .*Give smaller values"):
        answered(problem(**given))


def test_nan_that_is_given_has_an_answer() -> None:
    """What IEEE 754 makes of a NaN or an infinity in x is an answer, and is proven."""
    x = X.copy()
    x[0, 1], x[2, 2] = np.nan, np.inf
    case, _ = answered(problem(x=x))
    assert case.expected.y is not None
    assert np.isnan(case.expected.y[:, 1]).all()


def test_a_value_that_is_not_proven_is_never_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the proof does not accept is an error with the value, however it came about."""
    solve = oracle.solve

    def wrong(made: Problem) -> Case:
        case = solve(made)
        case.expected.y[0, 0] = np.nextafter(case.expected.y[0, 0], 9)  # type: ignore[index]
        return case

    monkeypatch.setattr(oracle, "solve", wrong)
    with pytest.raises(UnprovenError, match=r"own/a: y\[0, 0\] is "):
        answered(problem())
