"""Which failure of a run shows best what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.errors import SelectionError
from conformance.report.bugs.choosing import convincing
from conformance.tests.report.records import failed
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status, Worst
from conformance.verdict.ruler import Ruler

PLAIN, BUSY = "dense/train-float32", "combinations/103-nhcw-float32-train"


def wrong(case_id: str, output: str, part: float, **more: Any) -> CaseResult:
    """A stored case of which one element of an output is off by a part of the largest value."""
    (case,) = golden.load([case_id])
    due = Ruler(case, Dialect()).due[output]
    at = tuple(map(int, np.unravel_index(0, due.shape)))
    expected = float(due[at])
    actual = expected + part * float(np.abs(due).max())
    worst = Worst(index=at, actual=actual, expected=expected, bound=1e-7)
    facts: dict[str, Any] = {"status": Status.EXPECTED_FAIL, "units": 1e6 * part, "known": ("one",)}
    return of(case_id, {output: OutputResult(**(facts | {"worst": worst, "grade": "F"} | more))})


def of(case_id: str, outputs: dict[str, OutputResult], edges: tuple[str, ...] = ()) -> CaseResult:
    """What a path did on a stored case."""
    (case,) = golden.load([case_id])
    inputs = case.inputs
    return CaseResult(
        case=case_id,
        group=case.problem.group,
        mode=inputs.mode,
        layout="NC",
        dtype=inputs.types,
        outputs=outputs,
        repro="",
        edges=edges,
    )


def chosen(*cases: CaseResult, cause: str | None = None) -> tuple[str, str]:
    """What is chosen of them."""
    record = RunRecord(
        adapter="a",
        path="b",
        about="",
        versions={"a": "1"},
        device="cpu",
        dialect={},
        catalogue={},
        started="",
        seconds=0.0,
        cases=cases,
    )
    return convincing(record, Dialect(), cause)


def test_what_is_seen_comes_before_what_is_proven() -> None:
    """An error of a third of the values is shown rather than one of 3e-4, however many units."""
    far = wrong("affine/no-gamma", "y", 3e-4, units=1e12)
    assert chosen(far, wrong(PLAIN, "y", 0.3)) == (PLAIN, "y")


def test_what_is_near_its_bound_is_left() -> None:
    """An error of a third of the values that is hardly beyond its bound is no proof."""
    near = wrong(PLAIN, "y", 0.3, units=17.0)
    assert chosen(near, wrong("affine/no-gamma", "y", 3e-3)) == ("affine/no-gamma", "y")


def test_of_what_is_seen_alike_the_plain_call_is_chosen() -> None:
    """Strided arrays in an unusual order are not shown where a plain matrix fails as well."""
    assert chosen(wrong(BUSY, "y", 0.5), wrong(PLAIN, "y", 0.2)) == (PLAIN, "y")


def test_a_small_call_is_chosen_of_those_alike() -> None:
    """Of errors of about the same size the one in the smaller call is shown."""
    long = wrong("count/m-256-float32", "y", 0.09)
    assert chosen(long, wrong(PLAIN, "y", 0.05)) == (PLAIN, "y")


def test_a_long_batch_is_left_for_one_that_can_be_read() -> None:
    """What fails of hundreds of values is shown only where nothing shorter fails."""
    long = wrong("count/m-256-float32", "y", 0.9)
    assert chosen(long, wrong(PLAIN, "y", 1e-3)) == (PLAIN, "y")


def test_one_cause_is_shown_alone() -> None:
    """What fails for two causes is left where something fails for one of them."""
    both = wrong(PLAIN, "y", 0.9, known=("one", "two"))
    assert chosen(both, wrong(BUSY, "y", 0.2)) == (BUSY, "y")


def test_only_what_fails_for_the_cause_is_asked_for() -> None:
    """With a cause nothing of another one is chosen."""
    other = wrong(PLAIN, "y", 0.9, known=("two",))
    assert chosen(other, wrong(BUSY, "dx", 0.2), cause="one") == (BUSY, "dx")


def test_what_nobody_expected_comes_first() -> None:
    """A failure that no entry tells of is the one to report."""
    new = wrong(BUSY, "y", 0.01, status=Status.FAIL, known=())
    assert chosen(wrong(PLAIN, "y", 0.9), new) == (BUSY, "y")


def test_edges_come_last() -> None:
    """A case that poses an edge is left for one of ordinary data, also where it is seen less."""
    edge = of(PLAIN, dict(wrong(PLAIN, "y", 0.9).outputs), edges=("overflowing-sums",))
    assert chosen(edge, wrong(BUSY, "y", 0.01)) == (BUSY, "y")


@pytest.mark.parametrize(
    ("cause", "said"),
    [(None, "has no failure, one was wanted"), ("two", "no failure for the cause 'two', one of")],
)
def test_a_run_without_such_a_failure_is_refused(cause: str | None, said: str) -> None:
    """Where nothing fails, or nothing for that cause, it is said."""
    degraded = of(PLAIN, {"y": failed(status=Status.DEGRADED)})
    cases = [wrong(PLAIN, "y", 0.5)] if cause else [degraded]
    with pytest.raises(SelectionError, match=said):
        chosen(*cases, cause=cause)
