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
from conformance.report.bugs.fairness import is_fair
from conformance.report.bugs.shrinking import Asking, Failure, shrink
from conformance.verdict.known.applying import FAILING

LOSSY = Path(__file__).parents[2] / "data" / "lossy" / "adapter.py"


@pytest.fixture(scope="module")
def asking() -> Iterator[Asking]:
    """A framework that loses the variance, in its worker."""
    with Session(str(LOSSY)) as session:
        yield Asking(session, "one_pass", Dialect(), "var")


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
