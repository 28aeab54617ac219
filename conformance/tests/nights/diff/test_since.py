"""Tests of columns that gave no result in the earlier run of a difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.nights.diff.changes import ChangeKind, Difference
from conformance.nights.diff.compare import compare
from conformance.nights.diff.payload import as_json
from conformance.nights.diff.wording import as_markdown, as_text
from conformance.nights.history import History
from conformance.tests.nights.history.nights import add, cases, night
from conformance.tests.report.records import EVERY, failed, passed, save, silent
from conformance.verdict.record import OutputResult, Status

GOOD = {"y": passed(3.0), "dx": passed(2.0)}
BAD = {"y": failed(), "dx": passed(2.0)}
MISSING = {"jax/jnp": "wrote no run record"}


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history of one night in which both columns are good."""
    made = History(tmp_path / "history")
    add(made, 0, results=cases(GOOD))
    return made


def without_jax(history: History, number: int) -> None:
    """Add a night in which jax/jnp did not report."""
    history.add(night(number, ["torch/functional"], results=cases(GOOD)), MISSING)


def back(history: History, number: int, outputs: dict[str, OutputResult]) -> Difference:
    """What changed from the night before to one in which jax/jnp is back."""
    both = night(number, ["torch/functional"], results=cases(GOOD))
    history.add([*both, *night(number, ["jax/jnp"], results=cases(outputs))])
    return compare("previous", "latest", history)


@pytest.mark.parametrize("missed", [1, 2, 40])
def test_a_column_that_is_back_is_held_against_its_last_result(
    history: History, missed: int
) -> None:
    """However many nights it missed, its new failures are told, with the run they are new since."""
    first = history.names()[0]
    for number in range(1, missed + 1):
        without_jax(history, number)
    found = back(history, missed + 1, BAD)
    assert found.worse
    told = [(c.kind, c.column) for c in found.changes]
    assert told == [*[(ChangeKind.NEW_FAILURE, "jax/jnp")] * 3, (ChangeKind.RETURNED, "jax/jnp")]
    assert found.since == {"jax/jnp": first}
    assert f"compared with {first}, its last" in as_text(found)
    assert f"(since {first}, its last result before)" in as_text(found)
    assert first in as_markdown(found)
    assert json.loads(as_json(found))["since"] == {"jax/jnp": first}


def test_a_column_that_is_back_as_it_was_is_no_news(history: History) -> None:
    """The same results as before the gap are nothing but a return."""
    without_jax(history, 1)
    found = back(history, 2, GOOD)
    assert [c.kind for c in found.changes] == [ChangeKind.RETURNED]
    assert not found.worse
    assert found.compared == 12


def test_a_night_that_compared_nothing_is_no_last_result(history: History) -> None:
    """A column that reported and compared nothing is held against the night before that."""
    nothing = {name: silent(Status.TIMEOUT, "no answer") for name in GOOD}
    both = night(1, ["torch/functional"], results=cases(GOOD))
    history.add([*both, *night(1, ["jax/jnp"], results=cases(nothing))])
    found = back(history, 2, BAD)
    assert [c.kind for c in found.changes] == [ChangeKind.NEW_FAILURE] * 3
    assert set(found.since) == {"jax/jnp"}


def test_the_last_result_may_be_older_than_an_earlier_run_that_is_named(history: History) -> None:
    """What is compared is the last result before the named run, not one after it."""
    without_jax(history, 1)
    named = history.names()[-1]
    back(history, 2, BAD)
    back(history, 3, BAD)
    found = compare(named, "latest", history)
    assert [c.kind for c in found.changes if c.output] == [ChangeKind.NEW_FAILURE] * 3
    assert set(found.since.values()) == {history.names()[0]}


def test_records_are_held_against_the_last_result_too(history: History, tmp_path: Path) -> None:
    """A folder of records against a run in which the column was missing is no way around it."""
    without_jax(history, 1)
    records = save(night(2, ["jax/jnp"], results=cases(BAD)), tmp_path / "records")
    found = compare("latest", str(records), history)
    assert [c.kind for c in found.changes if c.output] == [ChangeKind.NEW_FAILURE] * 3


def test_a_column_that_never_was_is_new(history: History) -> None:
    """A column of which no run tells anything appears, and is compared with nothing."""
    history.add(night(1, ["torch/functional", "jax/jnp", "jax/linen"], results=cases(GOOD)))
    found = compare("previous", "latest", history)
    assert [(c.kind, c.column) for c in found.changes] == [(ChangeKind.APPEARED, "jax/linen")]
    assert found.since == {}


@pytest.mark.parametrize("status", [Status.CRASH, Status.TIMEOUT, Status.ERROR])
def test_what_crashed_and_passes_is_fixed(history: History, status: Status) -> None:
    """A crash, a hang or an error that is over is mended, as a failure that is over is."""
    before = {"y": silent(status, "it broke"), "dx": passed(2.0)}
    both = night(1, ["torch/functional"], results=cases(GOOD))
    history.add([*both, *night(1, ["jax/jnp"], results=cases(before))])
    found = back(history, 2, GOOD)
    assert [c.kind for c in found.changes] == [ChangeKind.FIXED] * 3


def test_what_was_unsupported_and_passes_is_compared_and_not_fixed(history: History) -> None:
    """What was never wrong is not mended."""
    before = {"y": EVERY[Status.UNSUPPORTED], "dx": passed(2.0)}
    both = night(1, ["torch/functional"], results=cases(GOOD))
    history.add([*both, *night(1, ["jax/jnp"], results=cases(before))])
    assert [c.kind for c in back(history, 2, GOOD).changes] == [ChangeKind.COMPARED] * 3
