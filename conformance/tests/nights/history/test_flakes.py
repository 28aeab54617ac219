"""Tests of `nights.history.flakes`: what is called flaky and is not shows over the runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.nights.history import History
from conformance.nights.history.flakes import ENOUGH, tally
from conformance.tests.nights.history.nights import add
from conformance.tests.report.records import case, passed
from conformance.verdict.record import OutputResult, Status

CAME = OutputResult(status=Status.FLAKY, grade="A", units=1.0, reason="[this time pass]")
WENT = OutputResult(status=Status.FLAKY, reason="[this time timeout]")
OFF = OutputResult(status=Status.FLAKY, grade="F", units=1e3, reason="[this time fail]")


@pytest.fixture
def history(tmp_path: Path) -> History:
    """As many nights as are enough: y of a always right, b never, c by turns, and d no flake."""
    made = History(tmp_path / "history")
    for number in range(ENOUGH):
        turn = CAME if number % 2 else WENT
        outputs = {"a": CAME, "b": OFF if number % 2 else WENT, "c": turn, "d": passed()}
        results = [case({"y": result}, f"empty/{name}") for name, result in outputs.items()]
        add(made, number, ["torch/functional"], results=results)
    return made


def test_what_is_always_the_same_is_told_apart(history: History) -> None:
    """Always right, never right and by turns are three things, counted over all runs."""
    found = tally(history, "torch", "2.13.0")
    assert found.always(failed=False) == {("functional", "empty/a", "y"): ENOUGH}
    assert found.always(failed=True) == {("functional", "empty/b", "y"): ENOUGH}
    assert found.failures["functional", "empty/c", "y"] == ENOUGH // 2
    assert ("functional", "empty/d", "y") not in found.tries


def test_few_runs_tell_nothing(tmp_path: Path) -> None:
    """What fails now and then is right a few times in a row: that is no news."""
    made = History(tmp_path / "history")
    for number in range(ENOUGH - 1):
        add(made, number, ["torch/functional"], results=[case({"y": CAME}, "empty/a")])
    assert not tally(made, "torch", "2.13.0").always(failed=False)


def test_other_versions_and_adapters_are_not_counted(history: History) -> None:
    """A version that mends it must not speak for one that does not."""
    assert not tally(history, "torch", "2.14.0").tries
    assert not tally(history, "jax", "2.13.0").tries
