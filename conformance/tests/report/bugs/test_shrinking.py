"""Failing calls made small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.harness.session import Session
from conformance.report.bugs.failure import Failure
from conformance.report.bugs.fairness import is_fair, right
from conformance.report.bugs.likeness import is_seen_as_before
from conformance.report.bugs.shrinking import Asking, shrink
from conformance.verdict.known.applying import FAILING

DATA = Path(__file__).parents[2] / "data"
LOSSY, TWOFOLD = (DATA / name / "adapter.py" for name in ("lossy", "twofold"))


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """A framework that loses the variance, in its worker."""
    with Session(str(LOSSY)) as session:
        yield Asking(session, "one_pass", Dialect(), "var")


@pytest.fixture(scope="module")
def twofold() -> Iterator[Session]:
    """A framework with two faults in a path."""
    with Session(str(TWOFOLD)) as session:
        yield session


def made_small(session: Session, path: str, case: str, output: str) -> tuple[Failure, Failure]:
    """The failure of a stored case on a path, and what it is made."""
    asking = Asking(session, path, Dialect(), output)
    first = failure(asking, case)
    return first, shrink(asking, first)


def failure(asking: Asking, name: str) -> Failure:
    """The failure of a stored case."""
    found = asking(next(golden.load([name])))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "name", ["offset/rows-float32-1000", "offset/nhwc-float32-1000", "offset/nchw-float32-10000"]
)
def test_a_few_numbers_of_one_channel_are_left(asking: Asking, name: str) -> None:
    """Of a failing call one channel with a few values is left, as a matrix, and it fails so too."""
    first = failure(asking, name)
    small = shrink(asking, first)
    assert small.result.status in FAILING
    assert small.case.inputs.x.shape[1:] == (1,)
    assert small.case.inputs.x.size <= 4
    assert is_fair(small.case, "var")
    assert small.case.problem.limit == 16


def test_values_are_those_of_the_worst_channel(asking: Asking) -> None:
    """The channel that is kept is the one whose element is furthest out."""
    first = failure(asking, "offset/rows-float32-1000")
    assert first.result.worst is not None
    (channel,) = first.result.worst.index
    small = shrink(asking, first)
    assert np.isin(small.case.inputs.x, first.case.inputs.x[:, channel]).all()


def test_what_the_output_does_not_need_is_left_out(asking: Asking) -> None:
    """A variance needs no gradient, no parameters and no running statistics."""
    small = shrink(asking, failure(asking, "offset/rows-float32-1000")).case.inputs
    assert (small.dy, small.gamma, small.beta, small.running_mean) == (None, None, None, None)
    assert (small.eps, small.momentum) == (1e-5, 0.1)


def test_without_time_the_failure_stays_as_it_is(asking: Asking) -> None:
    """No time to look for less means the call of the case itself."""
    first = failure(asking, "offset/rows-float32-1000")
    assert shrink(asking, first, seconds=0) is first


def test_batches_and_memory_that_do_not_matter_are_left_out(asking: Asking) -> None:
    """Earlier batches and strides go, where the failure does not come from them."""
    first = failure(asking, "offset/rows-float32-1000")
    inputs = replace(first.case.inputs, earlier=(first.case.inputs.x,) * 2, memory="strided")
    case = replace(first.case, problem=replace(first.case.problem, inputs=inputs))
    found = asking(case)
    assert found is not None
    small = shrink(asking, found).case.inputs
    assert (small.earlier, small.memory) == ((), "contiguous")


@pytest.mark.parametrize(
    "case", ["combinations/010-ncl-float64-train", "decimal/momentum-0.1-float64"]
)
def test_a_fault_of_one_value_is_not_shown_for_another(twofold: Session, case: str) -> None:
    """Where one value per channel fails too, and far worse, two values are left."""
    _, small = made_small(twofold, "momentum", case, "running_mean")
    assert small.case.inputs.x.shape == (2, 1)
    assert 0 < small.share < 1e-7


def test_parameters_stay_where_they_make_the_type(twofold: Session) -> None:
    """Half x keeps its float32 parameters: a call without them is computed in another way."""
    first, small = made_small(twofold, "mixed", "dense/train-float16-params-float32", "y")
    assert first.case.inputs.types == small.case.inputs.types == "float16+float32"
    assert small.case.inputs.x.shape == (2, 1)


def test_an_edge_is_another_question(twofold: Session) -> None:
    """A call that poses an edge does not fail as one that poses none."""
    first, small = made_small(twofold, "growing", "dense/train-float32", "var")
    assert is_seen_as_before(first, small)
    assert not is_seen_as_before(first, replace(small, edges=("overflowing-sums",)))
    assert is_seen_as_before(replace(first, edges=("overflowing-sums",)), small)


@pytest.mark.parametrize("case", ["affine/no-affine-float16", "dense/train-float16"])
def test_an_error_stays_as_visible_as_it_was(twofold: Session, case: str) -> None:
    """A gradient by x keeps three values, of which it does not cancel, and an error to be seen."""
    first, small = made_small(twofold, "halved", case, "dx")
    assert small.case.inputs.x.shape == (3, 1)
    assert small.share >= min(first.share / 4, 0.1)


@pytest.mark.parametrize(("path", "values"), [("growing", 4), ("fading", 5)])
def test_an_error_of_another_size_is_not_shown(twofold: Session, path: str, values: int) -> None:
    """Values stay as long as the error without them is far larger, or hardly to be seen."""
    _, small = made_small(twofold, path, "dense/train-float32", "var")
    assert small.case.inputs.x.shape == (values, 1)


def test_both_parameters_go_at_once(twofold: Session) -> None:
    """A layer that has weight and bias or neither is shown without them."""
    first, small = made_small(twofold, "halved", "dense/train-float16", "dx")
    assert first.case.inputs.gamma is not None
    assert first.case.inputs.beta is not None
    assert (small.case.inputs.gamma, small.case.inputs.beta) == (None, None)


def test_edges_are_made_small_too(twofold: Session) -> None:
    """Where squares overflow, so that many correct algorithms fail, a few values are left."""
    first, small = made_small(twofold, "squares", "extremes/squares-overflow-float32", "var")
    assert not is_fair(first.case, "var")
    assert small.case.inputs.x.size <= 4
    assert right(small.case, "var") >= right(first.case, "var") > set()


def test_eps_of_float64_stays_one_of_float32(asking: Asking) -> None:
    """A framework that keeps eps in float32 is not made to fail for that: it is rounded to it."""
    first = failure(asking, "offset/rows-float64-100000000")
    assert first.case.inputs.eps == np.float32(first.case.inputs.eps)
    small = shrink(asking, first).case.inputs
    assert (small.eps, small.momentum) == (float(np.float32(1e-5)), float(np.float32(0.1)))


def test_channels_are_left_out_where_one_does_not_fail(twofold: Session) -> None:
    """What fails of two channels and more is left with two."""
    _, small = made_small(twofold, "pairs", "dense/train-float32", "mean")
    assert small.case.inputs.x.shape[1] == 2


def test_a_call_whose_gradients_fail_is_shown_by_one(twofold: Session) -> None:
    """Where the backward pass raises, so that nothing comes, the program is to have gradients."""
    _, small = made_small(twofold, "backward", "dense/train-float32", "y")
    assert small.case.inputs.dy is not None
    assert small.output == "dx"


def test_a_call_that_fails_without_gradients_is_shown_without(twofold: Session) -> None:
    """Where the forward pass dies no gradient is asked for, however little time there was."""
    asking = Asking(twofold, "squares", Dialect(), "y")
    small = shrink(asking, failure(asking, "empty/train-float32"), seconds=0)
    assert (small.output, small.case.inputs.dy) == ("y", None)
