"""Ways in which faults come out: larger terms that cancel, and the ways of two faults at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Case, Dialect, Inputs
from conformance.faults import FAULTS
from conformance.faults.fault import Fault, at_once
from conformance.faults.match import Prediction
from conformance.faults.sheet import FIRST_AXIS, Edits, kernel, stacked
from conformance.tests.faults.test_match import U, case, constant, fault, prediction
from conformance.verdict.ruler import Ruler


def _one_channel(inv_std: float, dialect: Dialect) -> tuple[Fault, Case]:
    """A fault that multiplies inv_std in a constant channel with a constant dy: dx stays 0."""
    on = case(x=np.ones((4, 2), np.float32), dy=np.full((4, 2), 0.5, np.float32), eps=1e-4)
    edits: Edits = {"back_inv_std": lambda s: s.correct("back_inv_std") * s.work(inv_std)}
    return replace(fault(edits, touches=("dx",)), dialect=dialect), on


@pytest.mark.parametrize(("times", "strays"), [(100.0, True), (4.0, False)])
def test_terms_that_cancel_may_stray_if_a_fault_makes_them_larger(
    times: float, *, strays: bool
) -> None:
    """Where a fault leaves dx right, rounding of its larger terms is what it leaves, no more."""
    of, on = _one_channel(times, Dialect())
    found = prediction(of, on)
    assert not found.deviates("dx")
    rounding = np.full((4, 2), times * 50 * 0.5 * U, np.float32)
    assert found.strays("dx", rounding) == strays
    assert not found.strays("dx", np.full((4, 2), 1.0, np.float32))
    assert not found.strays("y", rounding)


def test_a_dialect_makes_no_terms_larger() -> None:
    """With eps outside of the root inv_std is larger than inside, and no fault has made it so."""
    outside = Dialect(eps="outside")
    of, on = _one_channel(1.0, outside)
    found = Prediction(of, on, Ruler(on, outside), outside)
    assert not found.strays("dx", np.zeros((4, 2), np.float32))


def test_two_faults_with_several_ways_come_out_in_one_way_each_time() -> None:
    """A path that reads two arrays wrongly reads both in the same way."""
    first, second = (
        replace(
            constant(1.0),
            otherwise=tuple(constant(n).edits for n in (2.0, 3.0, 4.0, 5.0)),
        )
        for _ in range(2)
    )
    assert len(at_once((first,))) == 5
    assert len(at_once((first, second))) == 2 * 5  # in two orders, since they share a formula
    single = constant(1.0, "dgamma")
    assert len(at_once((first, single))) == 5


def test_an_axis_that_does_not_part_the_rows_makes_no_crash() -> None:
    """Of two faults one may take the channel axis for the samples: that is no error of ours."""
    x = np.arange(165.0, dtype=np.float32).reshape(33, 5)
    call = Inputs(x=x, dy=x + 1, axis=0)
    for name in ("per-activation-stats", "per-sample-stats"):
        answer = kernel(stacked(FIRST_AXIS, FAULTS[name].edits))(call)
        assert answer["y"].shape == (33, 5)
