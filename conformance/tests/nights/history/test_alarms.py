"""Tests of `conformance.nights.history.alarms`: what looks like peace and is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conformance.errors import HistoryError
from conformance.nights.history import History
from conformance.nights.history.alarms import Alarm, age, last_good, raised
from conformance.nights.history.entry import as_row, of_row
from conformance.nights.history.files import write
from conformance.nights.history.tables import as_parquet
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
    add(history, 3, results=less, digest="def0" * 16)
    text = alarms(history, after(3))[Alarm.SHRUNKEN_CATALOGUE]
    assert "1 of 3 cases" in text
    assert text.endswith("offset/1")


def test_a_catalogue_that_grew_is_no_alarm(history: History) -> None:
    """New cases change the digest and lose nothing."""
    add(history, 3, results=cases(count=5), digest="def0" * 16)
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


def test_a_run_of_the_future_is_an_alarm_and_not_the_latest(history: History) -> None:
    """It is left out of everything else: else it would be the latest until then."""
    latest = history.resolve("latest")
    file = history.file(latest)
    place = history.folder / "runs" / "2099" / f"2099{file.name[4:]}"
    place.parent.mkdir()
    place.write_bytes(file.read_bytes())
    assert history.resolve("latest") == latest
    assert history.ahead() == [place.name.removesuffix(".parquet")]
    assert list(alarms(history, after(2))) == [Alarm.RUN_OF_THE_FUTURE]
    with pytest.raises(HistoryError, match="is in the future"):
        history.add([replace(each, started="2099-01-01T00:00:00+00:00") for each in night(3)])


def test_a_file_of_another_program_is_an_alarm(history: History) -> None:
    """It is whole, as its name says, and holds neither runs nor results; the rest is read."""
    begun = history.names()
    for folder, stem in (("runs/2026", "2026-05-04T030000Z-"), ("results/2026", "")):
        write(history.folder / folder, stem, b"no Parquet file")
        write(history.folder / folder, stem, as_parquet(pa.table({"column": [3]})))
    found = raised(history, after(2))
    assert [each.alarm for each in found] == [Alarm.DAMAGED_FILE] * 4
    assert all("is no file of a history" in e.text or "no column of a run" in e.text for e in found)
    assert list(history.readable(20)) == begun


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("results", "../../etc/passwd"),
        ("results", "results/2026/../../x.parquet"),
        ("column", None),
        ("cases", -1),
        ("counts", "[]"),
        ("counts", '{"pass": "many"}'),
        ("versions", '{"a": 1}'),
        ("versions", "[" * 100_000),
        ("diagnosis", "{"),
        ("conventions", "["),
        ("conventions", "[]"),
        ("conventions", '{"taste": {"found": "sweet", "seen": ""}}'),
        ("conventions", '{"eps": "inside"}'),
        ("conventions", '{"eps": {"found": "inside"}}'),
        ("conventions", '{"eps": {"found": 3, "seen": ""}}'),
        ("conventions", '{"eps": {"found": "%s", "seen": ""}}' % ("x" * 301)),
        ("conventions", '{"eps": {"found": null, "seen": "%s"}}' % ("x" * 1001)),
    ],
)
def test_a_row_that_points_out_of_the_history_is_refused(
    history: History, name: str, value: object
) -> None:
    """Whatever a run's file holds, what is no column of a run is told as such."""
    row = as_row(history.entries(history.resolve("latest"))[0])
    with pytest.raises(HistoryError, match="no column of a run"):
        of_row({**row, name: value}, "x.parquet")
    assert of_row(row, "x.parquet")


def test_results_that_are_none_are_an_alarm(history: History) -> None:
    """A status that there is not, or an error without end, spoils its file and no other."""
    file = next((history.folder / "results").rglob("*.parquet"))
    table = pq.read_table(file)
    for name, column in (
        ("status", pa.array(["CONFORMS"] * len(table))),
        ("units", pa.array([float("inf")] * len(table), pa.float32())),
    ):
        bad = table.set_column(table.column_names.index(name), name, column)
        write(file.parent, "", as_parquet(bad))
    found = raised(history, after(2))
    assert [each.alarm for each in found] == [Alarm.DAMAGED_FILE] * 2
    assert all("rows that are no results" in each.text for each in found)


def test_the_last_good_run_is_the_last_without_red(history: History) -> None:
    """A red night, and one in which the column is missing, are not good."""
    good = history.names()[-1]
    add(history, 3, results=cases({"y": failed()}))
    history.add([], {"torch/functional": "exit 1"})
    found = last_good(history.all_entries(history.names()))
    assert found["torch/functional"].run == good
    assert age(good, after(5)) == "3 days"
