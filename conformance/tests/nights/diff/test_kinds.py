"""Every kind of change, from both sides of what decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.errors import HistoryError
from conformance.nights.diff.changes import Change, ChangeKind, Difference, Outcome
from conformance.nights.diff.compare import compare, kind_of
from conformance.nights.history import History
from conformance.tests.nights.history.nights import cases, night
from conformance.tests.report.records import case, passed, save, silent
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status

OUTCOMES: Mapping[str, Outcome | None] = {
    "absent": None,
    **{grade: Outcome(status="pass", grade=grade) for grade in "AB"},
    "C": Outcome(status="degraded", grade="C"),
    "fail": Outcome(status="fail", grade="F"),
    "error": Outcome(status="error"),
    "crash": Outcome(status="crash"),
    "timeout": Outcome(status="timeout"),
    "expected": Outcome(status="expected-fail", grade="F"),
    "expected crash": Outcome(status="expected-fail"),
    "unexpected": Outcome(status="unexpected-pass", grade="A"),
    "unexpected B": Outcome(status="unexpected-pass", grade="B"),
    "unsupported": Outcome(status="unsupported"),
    "not run": Outcome(status="not-run"),
    "flaky": Outcome(status="flaky", grade="A"),
    "flaky crash": Outcome(status="flaky"),
}
"""What an output may have done in a run, by a word for it."""


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        # a case that comes or goes, whatever it did
        ("absent", "A", "new-case"),
        ("absent", "fail", "new-case"),
        ("A", "absent", "vanished-case"),
        ("fail", "absent", "vanished-case"),
        # red now: told where it was not red before
        ("A", "fail", "new-failure"),
        ("C", "error", "new-failure"),
        ("B", "crash", "new-failure"),
        ("A", "timeout", "new-failure"),
        ("not run", "crash", "new-failure"),
        ("unsupported", "fail", "new-failure"),
        ("expected", "fail", "new-failure"),
        ("A", "unexpected", "new-failure"),
        ("not run", "unexpected", "new-failure"),
        ("fail", "crash", None),
        ("crash", "fail", None),
        ("unexpected", "fail", None),
        ("unexpected", "unexpected B", None),
        # an expectation that no longer holds is what a repair looks like
        ("expected", "unexpected", "fixed"),
        ("expected crash", "unexpected", "fixed"),
        ("fail", "unexpected", "fixed"),
        ("crash", "unexpected", "fixed"),
        # an expectation is there now
        ("A", "expected", "newly-expected"),
        ("not run", "expected crash", "newly-expected"),
        ("fail", "expected", None),
        ("crash", "expected crash", None),
        ("expected", "expected", "drift"),  # only rows whose error grew come here
        ("expected", "expected crash", None),
        ("expected crash", "expected", None),
        ("expected crash", "expected crash", None),
        # what comes and goes says nothing, but that it begins or ends to do so is told
        ("flaky", "flaky crash", None),
        ("flaky crash", "flaky", None),
        ("A", "flaky", "newly-expected"),
        ("fail", "flaky", "newly-expected"),
        ("expected", "flaky crash", "newly-expected"),
        ("flaky", "expected", "newly-expected"),
        ("flaky", "A", "fixed"),
        ("flaky crash", "C", "fixed"),
        ("flaky", "fail", "new-failure"),
        ("flaky crash", "crash", "new-failure"),
        ("flaky", "unsupported", "no-longer-compared"),
        ("flaky crash", "not run", "no-longer-compared"),
        # compared or not
        ("not run", "A", "newly-compared"),
        ("unsupported", "C", "newly-compared"),
        ("A", "not run", "no-longer-compared"),
        ("fail", "unsupported", "no-longer-compared"),
        ("expected", "not run", "no-longer-compared"),
        ("unsupported", "not run", None),
        ("crash", "unsupported", None),
        # passing before and now
        ("A", "B", "worse-grade"),
        ("A", "C", "worse-grade"),
        ("B", "C", "worse-grade"),
        ("B", "A", "better-grade"),
        ("C", "B", "better-grade"),
        ("A", "A", "drift"),
        ("C", "C", "drift"),
        # failing before and not now
        ("fail", "A", "fixed"),
        ("fail", "C", "fixed"),
        ("expected", "B", "fixed"),
        ("unexpected", "A", "fixed"),
    ],
)
def test_kind(old: str, new: str, kind: str | None) -> None:
    """Two outcomes of one output make one kind of change, or none that anybody need know."""
    assert kind_of(OUTCOMES[old], OUTCOMES[new]) == kind


BAD = {
    "new-failure", "missing-column", "silent-column", "vanished-case", "no-longer-compared",
    "worse-grade", "drift",
}  # fmt: skip


@pytest.mark.parametrize("kind", ChangeKind)
def test_a_difference_is_worse_by_what_nobody_may_miss(kind: ChangeKind, tmp_path: Path) -> None:
    """Seven kinds make it worse; another machine, what got better and what is new do not."""
    made = replace(
        between(tmp_path, {"y": passed()}, {"y": passed()}),
        changes=(Change(kind=kind, column="torch/functional"),),
    )
    assert made.worse is (kind.value in BAD)
    assert [change.kind for change in made.of([kind])] == [kind]
    assert made.of(set(ChangeKind) - {kind}) == []


def between(
    tmp_path: Path,
    old: Mapping[str, OutputResult],
    new: Mapping[str, OutputResult],
    **limits: float,
) -> Difference:
    """What changed between two records of one case on torch/functional."""
    return of(tmp_path, [case(old, "offset/0")], [case(new, "offset/0")], **limits)


def of(tmp_path: Path, old: list[CaseResult], new: list[CaseResult], **limits: float) -> Difference:
    """What changed between two records of torch/functional."""
    paths = ["torch/functional"]
    return records(tmp_path, night(0, paths, results=old), night(1, paths, results=new), **limits)


def records(
    tmp_path: Path, old: list[RunRecord], new: list[RunRecord], **limits: float
) -> Difference:
    """What changed between two folders of records."""
    folders = save(old, tmp_path / "old"), save(new, tmp_path / "new")
    old_folder, new_folder = map(str, folders)
    return compare(old_folder, new_folder, History(tmp_path / "none"), **limits)


def after(value: float) -> float:
    """The next float32: the history keeps errors in that type."""
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def before(value: float) -> float:
    """The float32 before it."""
    return float(np.nextafter(np.float32(value), np.float32(0)))


@pytest.mark.parametrize(
    ("old", "new", "drifts"),
    [
        (3.0, 6.0, False),  # twice is not more than twice
        (3.0, after(6.0), True),
        (0.25, 1.0, True),  # one unit is not below one unit
        (0.25, before(1.0), False),
        (6.0, 3.0, False),
    ],
)
def test_an_error_drifts_from_a_unit_and_twice_on(
    tmp_path: Path, old: float, new: float, *, drifts: bool
) -> None:
    """More than twice as large and at least one unit, if nobody says otherwise."""
    found = between(tmp_path, {"y": passed(old)}, {"y": passed(new)})
    assert [c.kind for c in found.changes] == [ChangeKind.DRIFT] * drifts


@pytest.mark.parametrize(
    ("limits", "new", "drifts"),
    [
        ({"factor": 1.5}, 3.0, False),
        ({"factor": 1.5}, after(3.0), True),
        ({"floor": 8.0}, 8.0, True),
        ({"floor": 8.0}, before(8.0), False),
        ({"floor": 0.0}, 4.5, True),
        ({"factor": 1.0 + 2.0**-20}, 2.25, True),
    ],
)
def test_what_drifts_can_be_said(
    tmp_path: Path, limits: dict[str, float], new: float, *, drifts: bool
) -> None:
    """Factor and floor of an error of 2 units, each at its edge; a factor of hardly over 1 too."""
    found = between(tmp_path, {"y": passed(2.0)}, {"y": passed(new)}, **limits)
    assert [c.kind for c in found.changes] == [ChangeKind.DRIFT] * drifts


@pytest.mark.parametrize("limits", [{"factor": 1.0}, {"floor": -(2.0**-20)}])
def test_limits_that_say_nothing_are_refused(tmp_path: Path, limits: dict[str, float]) -> None:
    """A factor of 1 would call every error a drift, and no error is below 0."""
    with pytest.raises(HistoryError, match="a factor above 1 and a floor of at least 0"):
        between(tmp_path, {"y": passed()}, {"y": passed()}, **limits)


@pytest.mark.parametrize(
    ("old", "new", "factor"), [(2.0, 7.0, 3.5), (0.0, 6.0, None), (2.0, None, None)]
)
def test_by_how_much_an_error_grew(
    old: float | None, new: float | None, factor: float | None
) -> None:
    """The new error over the old one, where both are figures above 0."""
    told = [Outcome(status="pass", grade="A", units=units) for units in (old, new)]
    one = Change(kind=ChangeKind.DRIFT, column="c", old=told[0], new=told[1])
    assert one.factor == factor
    assert Change(kind=ChangeKind.ADDED, column="c", new=told[1]).factor is None
    assert Change(kind=ChangeKind.VANISHED, column="c", old=told[0]).factor is None


def test_outcomes_and_reasons_are_told_with_a_change(tmp_path: Path) -> None:
    """Of both runs status, grade, error and reason, each for what it is."""
    old = OutputResult(status=Status.DEGRADED, grade="C", units=20.0, reason="lossy")
    new = OutputResult(status=Status.FAIL, grade="F", units=40.0, reason="wrong")
    (change,) = between(tmp_path, {"y": old}, {"y": new}).changes
    assert change.old == Outcome(status="degraded", grade="C", units=20.0, reason="lossy")
    assert change.new == Outcome(status="fail", grade="F", units=40.0, reason="wrong")
    assert (change.case, change.output, change.note) == ("offset/0", "y", "")


def test_worst_kinds_come_first_then_columns(tmp_path: Path) -> None:
    """A reader meets failures before cases that are new, and columns by name."""
    old = [case({"y": passed(), "dx": passed()}, "offset/0")]
    new = [case({"y": silent(Status.CRASH), "dx": passed(20.0, "B")}, "offset/0"), *cases(None, 2)]
    paths = ["torch/functional", "jax/jnp"]
    found = records(tmp_path, night(0, paths, results=old), night(1, paths, results=new[:1]))
    assert [(c.kind.value, c.column) for c in found.changes] == [
        ("new-failure", "jax/jnp"),
        ("new-failure", "torch/functional"),
        ("worse-grade", "jax/jnp"),
        ("worse-grade", "torch/functional"),
    ]


def test_only_graded_outputs_of_both_runs_count_as_compared(tmp_path: Path) -> None:
    """An output that was not run is not compared, nor one of a column that is new."""
    old = night(0, ["torch/functional"], results=cases({"y": passed()}))
    results = cases({"y": passed(), "dx": silent(Status.NOT_RUN)}, 4)
    found = records(tmp_path, old, night(1, ["torch/functional", "jax/jnp"], results=results))
    assert found.compared == 4


def test_columns_that_are_new_or_silent_are_told_once(tmp_path: Path) -> None:
    """A column that compares nothing is told in its first such run, with how many cases it has."""
    some, none = cases({"y": passed()}, 2), cases({"y": silent(Status.NOT_RUN)}, 2)
    old = night(0, ["torch/functional"], results=some) + night(0, ["jax/jnp"], results=none)
    new = night(1, ["torch/functional", "jax/jnp", "jax/new"], results=none)
    found = records(tmp_path, old, new)
    told = [(c.kind.value, c.column, c.note) for c in found.changes if not c.case]
    assert told == [
        ("silent-column", "jax/new", "2 cases"),
        ("silent-column", "torch/functional", "2 cases"),
        ("new-column", "jax/new", "2.13.0"),
    ]


@pytest.mark.parametrize(
    ("left", "why"),
    [
        ("jax/other", "did not report; others of its adapter did"),
        ("torch/functional", "did not report; nor did its adapter"),
    ],
)
def test_a_column_without_a_record_is_missing(tmp_path: Path, left: str, why: str) -> None:
    """It is told whether the rest of its adapter is there: one path broke, or a whole column."""
    paths = ["jax/jnp", "jax/other", "torch/functional"]
    new = ["jax/jnp", *({*paths[1:]} - {left})] if left != "torch/functional" else paths[:2]
    found = records(tmp_path, night(0, paths), night(1, new))
    assert [(c.kind.value, c.column, c.note) for c in found.changes] == [
        ("missing-column", left, why)
    ]


def test_an_adapter_that_is_said_to_be_missing_is_told_once(tmp_path: Path) -> None:
    """Not for each of its paths; and a column that was missing before is not gone once more."""
    history = History(tmp_path / "history")
    history.add(night(0, ["torch/functional", "jax/jnp", "jax/other"]))
    history.add(night(1, ["torch/functional"]), {"jax": "exit 1"})
    history.add(night(2, ["torch/functional"]))
    first = compare("2026-05-01", "2026-05-02", history)
    assert [(c.kind.value, c.column) for c in first.changes] == [("missing-column", "jax")]
    assert compare("2026-05-02", "2026-05-03", history).changes == ()


def test_columns_of_one_channel_are_named_without_it(tmp_path: Path) -> None:
    """A folder of one channel is held against another's; where they are mixed each has its name."""
    paths = ["torch/functional"]
    pinned = night(0, paths)
    newest = night(1, paths, channel="newest", version="2.15.0")
    assert records(tmp_path / "1", pinned, newest).changes == ()
    both = tmp_path / "both"
    save(pinned, both / "a")
    save(newest, both / "b")
    save(pinned, tmp_path / "old")
    found = compare(str(tmp_path / "old"), str(both), History(tmp_path / "none"))
    assert [(c.kind.value, c.column) for c in found.changes] == [
        ("new-column", "torch/functional (newest)")
    ]


def test_older_releases_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    """One of them is held against the pinned by its path; two of them have their names."""
    paths = ["torch/functional"]
    first = night(0, paths, channel="older", version="2.5.0")
    second = night(0, paths, channel="older", version="2.6.0")
    assert records(tmp_path / "1", night(0, paths), first).changes == ()
    save(first, tmp_path / "both" / "a")
    save(second, tmp_path / "both" / "b")
    save(night(0, paths), tmp_path / "old")
    found = compare(str(tmp_path / "old"), str(tmp_path / "both"), History(tmp_path / "none"))
    assert {*found.new_entries} >= {f"torch/functional (older 2.{n}.0)" for n in (5, 6)}


def test_a_column_that_is_there_twice_costs_the_second(tmp_path: Path) -> None:
    """Of two records of one column in a folder one is compared, and the other is missing."""
    save(night(0, ["torch/functional"], version="2.12"), tmp_path / "new" / "a")
    save(night(0, ["torch/functional"], version="2.13"), tmp_path / "new" / "b")
    save(night(0, ["torch/functional"]), tmp_path / "old")
    found = compare(str(tmp_path / "old"), str(tmp_path / "new"), History(tmp_path / "none"))
    assert found.compared == 6
    assert found.new_entries["torch/functional"].version == "2.12"
    (gone,) = [change for change in found.changes if change.kind is ChangeKind.MISSING]
    assert "one record of each column was wanted" in gone.note
