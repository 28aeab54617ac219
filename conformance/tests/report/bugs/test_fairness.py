"""Whether inputs are fair to ask."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Inputs
from conformance.cases import golden
from conformance.report.bugs.fairness import is_fair, posed, verdicts


@pytest.mark.parametrize(
    "name", ["dense/train-float32", "half/squares-overflow", "offset/rows-float32-1000"]
)
def test_stored_cases_are_fair(name: str) -> None:
    """Every correct algorithm meets the bounds of a stored case, and needs some part of them."""
    (case,) = golden.load([name])
    assert all(is_fair(case, output) for output in case.expected.items())
    assert 0 < max(result.units or 0 for result in verdicts(case, "y").values()) <= 16


def test_inputs_that_lose_everything_are_not_fair() -> None:
    """Where squares overflow no correct algorithm that forms them can be held to y."""
    (case,) = golden.load(["dense/train-float32"])
    draw = np.random.default_rng(7)
    x, dy = (draw.normal(size=(6, 1)) * size for size in (1e20, 1.0))
    large = posed(case.problem, Inputs(x=x.astype(np.float32), dy=dy.astype(np.float32)))
    assert large is not None
    assert large.problem.limit == 16
    assert is_fair(large, "mean")
    assert not is_fair(large, "y")


def test_output_that_nobody_computes_has_no_error() -> None:
    """Where no algorithm owes an output there is no error to tell, and nothing unfair."""
    (case,) = golden.load(["combined/square-no-running"])
    assert not verdicts(case, "running_mean")


def test_inputs_that_are_none_are_no_case() -> None:
    """A call that batch normalization is not defined on is not posed."""
    (case,) = golden.load(["dense/train-float32"])
    assert posed(case.problem, Inputs(x=np.zeros((2, 2, 2)), eps=-1.0)) is None
