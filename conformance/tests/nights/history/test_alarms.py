"""Tests of `conformance.nights.history.alarms`: what looks like peace and is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from conformance.nights.history import History
from conformance.nights.history.alarms import Alarm, age, last_good, raised
from conformance.tests.nights.history.nights import FIRST, add, cases, night
from conformance.tests.report.records import failed, silent
from conformance.verdict.record import Status


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history of three good nights."""
    made = History(tmp_path / "history")
    for number in range(3):
        add(made, number)
    return made


def after(number: int, hours: float = 2.0) -> datetime:
    """Some hours after the night of that number began."""
    return FIRST + timedelta(days=number, hours=hours)


def alarms(history: History, now: datetime) -> dict[Alarm, str]:
    """The alarms, by kind."""
    return {each.alarm: each.text for each in raised(history, now)}


def test_good_nights_raise_nothing(history: History) -> None:
    """Three nights in a row, all columns there: no alarm."""
    assert alarms(history, after(2)) == {}


def test_a_missing_night_is_told_within_a_day(history: History) -> None:
    """26 hours after the last run there is no alarm yet, and after 27 there is one."""
    assert alarms(history, after(2, hours=25.9)) == {}
    (text,) = alarms(history, after(2, hours=27)).values()
    assert "began 27 hours ago" in text


def test_an_empty_history_is_an_alarm(tmp_path: Path) -> None:
    """A history that never had a run is not a quiet one."""
    assert list(alarms(History(tmp_path), after(0))) == [Alarm.NEVER_RAN]


def test_a_missing_column_is_told_with_its_last_good_result(history: History) -> None:
    """The alarm says why it is missing, how old its last good result is, and of which version."""
    history.add(night(3, ["torch/functional"]), {"jax/jnp": "its environment ended with 1"})
    text = alarms(history, after(3))[Alarm.MISSING_COLUMN]
    assert text == "jax/jnp: its environment ended with 1; last good 26 hours ago with 2.13.0"


def test_a_column_that_leaves_no_trace_is_told(history: History) -> None:
    """A column that nobody expected any more, and that was there before, does not just vanish."""
    add(history, 3, ["torch/functional"])
    text = alarms(history, after(3))[Alarm.MISSING_COLUMN]
    assert text.startswith("jax/jnp left no trace tonight; last good")


def test_an_all_zero_night_is_an_alarm(history: History) -> None:
    """A night in which nothing was compared has no failure, and is the worst of all."""
    nothing = cases({"y": silent(Status.NOT_RUN), "dx": silent(Status.UNSUPPORTED)})
    add(history, 3, results=nothing)
    found = alarms(history, after(3))
    assert found.keys() == {Alarm.NOTHING_COMPARED, Alarm.SILENT_COLUMN}


def test_one_silent_column_is_an_alarm(history: History) -> None:
    """A column that reports and compares nothing is not green."""
    nothing = cases({"y": silent(Status.NOT_RUN)})
    history.add([*night(3, ["torch/functional"]), *night(3, ["jax/jnp"], results=nothing)])
    assert "jax/jnp compared nothing in 3 cases" in alarms(history, after(3))[Alarm.SILENT_COLUMN]


@pytest.mark.parametrize("count", [2, 3])
def test_a_shrunken_catalogue_is_an_alarm(history: History, count: int) -> None:
    """Fewer cases, or as many with one exchanged for another, are told with the names."""
    less = [each for each in cases(count=count + 1) if each.case != "offset/1"]
    add(history, 3, results=less, digest="sha256:other")
    text = alarms(history, after(3))[Alarm.SHRUNKEN_CATALOGUE]
    assert "1 of 3 cases" in text
    assert text.endswith("offset/1")


def test_a_catalogue_that_grew_is_no_alarm(history: History) -> None:
    """New cases change the digest and lose nothing."""
    add(history, 3, results=cases(count=5), digest="sha256:other")
    assert alarms(history, after(3)) == {}


def test_a_column_with_part_of_the_cases_is_an_alarm(history: History) -> None:
    """Two of three cases is no night, whatever they say."""
    (whole,) = night(3, ["torch/functional"])
    (part,) = night(3, ["jax/jnp"], results=cases(count=2))
    history.add([whole, replace(part, catalogue=whole.catalogue)])
    assert alarms(history, after(3)) == {Alarm.PARTIAL_COLUMN: "jax/jnp has 2 of 3 cases"}


def test_a_damaged_file_is_an_alarm(history: History) -> None:
    """The rest of the history is looked at all the same."""
    file = history.file(history.names()[0])
    file.write_bytes(b"")
    assert list(alarms(history, after(2))) == [Alarm.DAMAGED_FILE]


def test_the_last_good_run_is_the_last_without_red(history: History) -> None:
    """A red night, and one in which the column is missing, are not good."""
    good = history.names()[-1]
    add(history, 3, results=cases({"y": failed()}))
    history.add([], {"torch/functional": "exit 1"})
    found = last_good(history.all_entries(history.names()))
    assert found["torch/functional"].run == good
    assert age(good, after(5)) == "3 days"
