"""Edges: what each explains, and what stays a wrong value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Inputs, Problem
from conformance.cases import golden
from conformance.oracle import solve
from conformance.oracle.edges import EDGES, READ_ONLY, Edges, in_words, listed
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.oracle.solve import owed
from conformance.verdict.record import OutputResult, Status, is_wrong
from conformance.verdict.ruler import Ruler, due

POSED = {
    "empty-batch": ("empty/",),
    "empty-mask": ("masks/none-kept",),
    "nan-inputs": ("nonfinite/nan-", "combined/train-float64"),
    "infinite-inputs": (
        "nonfinite/inf-",
        "nonfinite/negative-inf-",
        "nonfinite/both-",
        "combined/train-float64",
    ),
    "negative-variance": ("nonfinite/negative-variance-", "combined/test-float32"),
    "subnormal-inputs": ("extremes/subnormal-",),
    "subnormal-results": ("extremes/subnormal-",),
    "overflowing-sums": ("extremes/squares-overflow-",),
}
"""The cases of the catalogue that pose each edge, by how their ids begin."""

Spoil = Callable[[Array], None]


def stored(name: str) -> Case:
    """One case of the catalogue."""
    (case,) = golden.load([name])
    return case


def made(x: Array, dy: Array | None = None, **given: Array) -> Case:
    """A case of one's own, without parameters but those that are given."""
    inputs = Inputs(x=x, dy=dy, **given)  # type: ignore[arg-type]  # arrays alone
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def right(case: Case) -> dict[str, Array]:
    """The exact answers, each rounded to the type in which it is due."""
    with np.errstate(all="ignore"):
        return {
            name: value.astype(case.inputs.dtype_of(name))
            for name, value in due(case, Dialect()).items()
        }


def spoiled(case: Case, name: str, spoil: Spoil) -> OutputResult:
    """The verdict on one output of right answers after something was done to it."""
    actual = right(case)
    spoil(actual[name])
    return Ruler(case, Dialect()).judge(actual)[name]


def put(index: tuple[int, ...], value: float) -> Spoil:
    """Writes a value to an element."""

    def spoil(array: Array) -> None:
        array[index] = value

    return spoil


def test_the_catalogue_poses_the_edges_that_its_cases_are_for() -> None:
    """Each edge is posed by exactly the cases that are made for it, and by no other."""
    for case in golden.load(golden.select(None)):
        posed = set(Edges(case.inputs, case.expected).posed)
        wanted = {edge for edge, starts in POSED.items() if case.id.startswith(starts)}
        assert posed == wanted, case.id


def test_every_edge_has_a_contract() -> None:
    """Every edge says in a sentence what is due there, and has a name for a sentence."""
    assert len(EDGES) == 12
    assert all(len(edge.contract.split()) > 4 for edge in EDGES.values())
    assert in_words("nan-inputs") == "NaN inputs"
    assert listed(["nan-inputs", "empty-batch"]) == "empty batch, NaN inputs"
    assert in_words(READ_ONLY) == "read-only inputs"


@pytest.mark.parametrize(
    ("case", "name", "spoil", "edge"),
    [
        ("empty/train-float32", "running_mean", put((0,), np.nan), "empty-batch"),
        ("empty/train-float32", "dgamma", put((0,), np.nan), "empty-batch"),
        ("nonfinite/nan-x-train", "y", put((0, 0), np.nan), "nan-inputs"),
        ("nonfinite/nan-x-train", "y", put((0, 2), 0.0), "nan-inputs"),
        ("nonfinite/inf-x-train", "var", put((3,), 1.0), "infinite-inputs"),
        ("nonfinite/nan-dy-train", "dx", put((5, 0), np.inf), "nan-inputs"),
        ("nonfinite/negative-variance-test", "y", put((0, 4), 1.0), "negative-variance"),
        ("extremes/subnormal-x-float32", "y", lambda y: y.fill(0), "subnormal-inputs"),
        ("extremes/subnormal-x-float64", "dgamma", lambda d: d.fill(0), "subnormal-inputs"),
        ("extremes/subnormal-variance", "var", lambda v: v.fill(0), "subnormal-results"),
    ],
)
def test_a_difference_that_an_edge_explains_is_told_as_that(
    case: str, name: str, spoil: Spoil, edge: str
) -> None:
    """It fails with grade F, and is no wrong value."""
    result = spoiled(stored(case), name, spoil)
    assert (result.status, result.grade) == (Status.FAIL, "F")
    assert edge in result.edges
    assert not is_wrong(result)


@pytest.mark.parametrize(
    ("case", "name", "spoil"),
    [
        ("nonfinite/nan-x-train", "y", put((0, 0), 7.0)),
        ("nonfinite/nan-x-train", "running_var", put((3,), 7.0)),
        ("nonfinite/nan-x-test", "y", put((0, 1), 7.0)),
        ("nonfinite/nan-dy-train", "dbeta", put((0,), 7.0)),
        ("nonfinite/inf-x-test", "y", put((0, 4), -7.0)),
        ("nonfinite/negative-variance-test", "dbeta", put((4,), 7.0)),
        ("nonfinite/negative-variance-test", "y", put((0, 3), np.nan)),
        ("extremes/subnormal-x-float32", "y", lambda y: y.fill(7)),
        ("extremes/subnormal-x-float32", "dgamma", lambda d: np.multiply(d, 2, out=d)),
        ("extremes/subnormal-x-float32", "y", lambda y: np.multiply(y, -1, out=y)),
        ("extremes/subnormal-variance", "var", put((0,), 1e-20)),
        ("extremes/subnormal-variance", "y", put((0, 0), 7.0)),
    ],
)
def test_a_wrong_value_in_an_edge_case_stays_one(case: str, name: str, spoil: Spoil) -> None:
    """A finite number that the edge does not explain is a wrong value, wherever it stands."""
    result = spoiled(stored(case), name, spoil)
    assert result.grade == "F"
    assert is_wrong(result), result.edges


def test_one_wrong_value_is_not_hidden_by_a_difference_at_an_edge() -> None:
    """An output that differs at an edge and is wrong elsewhere is wrong."""

    def spoil(y: Array) -> None:
        y[:, 2], y[0, 0] = 0, 7

    assert is_wrong(spoiled(stored("nonfinite/nan-x-train"), "y", spoil))


@pytest.mark.parametrize("case", ["empty/train-float32", "nonfinite/nan-x-train"])
def test_a_wrong_shape_or_type_is_never_an_edge(case: str) -> None:
    """What has another shape or type than was asked for is wrong, empty batch or not."""
    actual = right(stored(case))
    actual["dgamma"] = actual["dgamma"].astype(np.float64)
    actual["dbeta"] = np.append(actual["dbeta"], actual["dbeta"][:1])
    results = Ruler(stored(case), Dialect()).judge(actual)
    assert is_wrong(results["dgamma"])
    assert is_wrong(results["dbeta"])


def huge() -> Case:
    """Float32 values whose squares overflow, and beside them a channel of ordinary ones."""
    x = np.array([[1, 1], [2, 2], [3, 3], [4, 5]], np.float32)
    return made(x * np.array([1e19, 1], np.float32), np.eye(4, 2, dtype=np.float32))


def test_squares_that_overflow_are_an_edge() -> None:
    """Y = 0 and an infinite variance are what an overflow gives; in their own channel alone."""
    case = huge()
    assert Edges(case.inputs, case.expected).posed == ("overflowing-sums",)
    for name, value in (("y", 0.0), ("y", np.nan), ("dx", 0.0)):
        result = spoiled(case, name, put((0, 0), value))
        assert result.edges == ("overflowing-sums",), (name, value)
    assert spoiled(case, "inv_std", put((0,), 0)).edges == ("overflowing-sums",)
    assert is_wrong(spoiled(case, "y", put((0, 0), 0.5)))
    assert is_wrong(spoiled(case, "y", put((0, 1), 0.0)))
    assert is_wrong(spoiled(case, "var", put((1,), np.inf)))


def tiny(size: float, eps: float) -> Case:
    """Float32 values whose squares vanish, and beside them a channel of ordinary ones."""
    x = np.array([[1, 1], [2, 2], [3, 3], [4, 5]], np.float32)
    case = made(x * np.array([size, 1], np.float32), np.eye(4, 2, dtype=np.float32))
    return solve(replace(case.problem, inputs=replace(case.inputs, eps=eps)))


def test_squares_that_vanish_are_an_edge() -> None:
    """Whatever depends on a variance that float32 cannot hold; in its own channel alone."""
    case = tiny(1e-22, 0.0)
    assert Edges(case.inputs, case.expected).posed == ("subnormal-results", "vanishing-squares")
    for name, value in (("y", np.inf), ("y", np.nan), ("y", 0.5)):
        result = spoiled(case, name, put((0, 0), value))
        assert result.edges == ("vanishing-squares",), (name, value)
    assert spoiled(case, "inv_std", put((0,), np.inf)).edges == ("vanishing-squares",)
    assert is_wrong(spoiled(case, "y", put((0, 1), 0.5)))
    assert is_wrong(spoiled(case, "mean", put((0,), 0.0)))


@pytest.mark.parametrize(
    ("size", "eps", "training"), [(1e-22, 1e-8, True), (1e-14, 0.0, True), (1e-22, 0.0, False)]
)
def test_squares_beside_which_nothing_vanishes_are_none(
    size: float, eps: float, training: bool
) -> None:
    """Where eps is larger by far, the squares are, or none are formed."""
    inputs = tiny(size, eps).inputs
    kept = {} if training else {"running_mean": np.zeros(2), "running_var": np.ones(2)}
    kept = {name: array.astype(np.float32) for name, array in kept.items()}
    inputs = replace(inputs, training=training, **kept)  # type: ignore[arg-type]  # arrays alone
    assert "vanishing-squares" not in Edges(inputs, owed(inputs)).posed


def test_a_constant_channel_has_no_squares_that_vanish() -> None:
    """With an eps of 0 its answers are not finite, and a kernel is held to that."""
    inputs = replace(tiny(0.0, 0.0).inputs, eps=0.0)
    assert Edges(inputs, owed(inputs)).posed == ()


def test_a_difference_at_any_other_edge_is_not_that_of_a_correct_kernel() -> None:
    """Only where all edges that explain it are ones at which correct kernels differ."""
    assert is_of_correct_kernels(["vanishing-squares"])
    assert is_of_correct_kernels(["vanishing-squares", "overflowing-sums"])
    assert not is_of_correct_kernels(["vanishing-squares", "subnormal-inputs"])
    assert not is_of_correct_kernels([])


def test_a_result_beyond_its_type_is_an_edge() -> None:
    """Where infinity is due NaN or the largest number is an edge, and any other number wrong."""
    x = np.array([[1], [2], [3], [4]], np.float16)
    case = made(x, gamma=np.array([6e4], np.float16), beta=np.array([0], np.float16))
    assert Edges(case.inputs, case.expected).posed == ("overflowing-results",)
    for value in (np.nan, 65504.0):
        assert spoiled(case, "y", put((3, 0), value)).edges == ("overflowing-results",)
    assert is_wrong(spoiled(case, "y", put((3, 0), 60000.0)))
    assert is_wrong(spoiled(case, "y", put((3, 0), -65504.0)))


def test_numbers_that_are_subnormal_in_float16_alone_are_ordinary() -> None:
    """A dx that float16 has as a subnormal number is a value: 0 in its place is wrong."""
    dy = np.full((8, 1), 2.0**-16, np.float16) * np.arange(8, dtype=np.float16)[:, None]
    case = made(np.arange(8, dtype=np.float16)[:, None] ** 2, dy)
    assert 0 < np.abs(case.expected.dx if case.expected.dx is not None else 0).max() < 6e-5
    assert not Edges(case.inputs, case.expected).posed
    assert is_wrong(spoiled(case, "dx", lambda dx: dx.fill(0)))


def test_earlier_batches_count() -> None:
    """A NaN in an earlier batch poses the edge too: the running statistics remember it."""
    case = stored("dense/train-float32")
    batch = case.inputs.x.copy()
    batch[0, 0] = np.nan
    inputs = replace(case.inputs, earlier=(batch,))
    assert Edges(inputs, case.expected).posed == ("nan-inputs",)
