"""Tests of `conformance.history.gathering`: a broken column costs itself alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import HistoryError
from conformance.history import History
from conformance.history.gathering import Outcome, gather, read_outcomes
from conformance.tests.history.nights import add, night
from conformance.tests.report.records import save


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history of one night with torch/functional and jax/jnp."""
    made = History(tmp_path / "history")
    add(made, 0)
    return made


def test_a_broken_record_does_not_block_the_others(history: History, tmp_path: Path) -> None:
    """A truncated record and a foreign file are named; the good record is used."""
    folder = save(night(1), tmp_path / "records")
    whole = (folder / "jax" / "jnp.json").read_text()
    (folder / "jax" / "jnp.json").write_text(whole[: len(whole) // 2])
    (folder / "notes.json").write_text('{"schema": "mine"}')
    found = gather([folder], history, expected=["torch", "jax"])
    assert [record.adapter for record in found.records] == ["torch"]
    assert found.missing == {"jax/jnp": "wrote no run record"}
    assert len(found.problems) == 2
    assert "jnp.json" in found.problems[0]
    assert "'mine'" in found.problems[1]


def test_no_records_at_all_is_a_night_too(history: History, tmp_path: Path) -> None:
    """If every column broke, the night is kept, with all of them missing and the reason."""
    outcomes = [Outcome(adapter="jax", channel="release", exit=1, reason="no such version")]
    found = gather([tmp_path / "none"], history, expected=["torch", "jax"], outcomes=outcomes)
    assert found.records == ()
    assert found.missing == {
        "torch/functional": "wrote no run record",
        "jax/jnp": "its environment ended with 1: no such version",
    }


def test_an_adapter_that_never_reported_is_missing_by_its_name(
    history: History, tmp_path: Path
) -> None:
    """Nothing is known of its paths, so the adapter itself is what is missing."""
    folder = save(night(1), tmp_path / "records")
    assert gather([folder], history, expected=["mlx"]).missing == {"mlx": "wrote no run record"}


def test_a_pre_release_is_a_column_of_its_own(history: History, tmp_path: Path) -> None:
    """It is not expected every night, but one whose environment broke is missing."""
    pre = night(1, ["torch/functional"], version="2.14.0rc1")
    save(pre, tmp_path / "pre")
    save(night(1), tmp_path / "records")
    outcomes = [
        Outcome(adapter="torch", channel="pre-release", exit=0),
        Outcome(adapter="jax", channel="pre-release", exit=None, reason="60 minutes are over"),
    ]
    places = [tmp_path / "records", tmp_path / "pre"]
    found = gather(places, history, expected=["torch", "jax"], outcomes=outcomes)
    assert len(found.records) == 3
    stopped = "its environment was stopped: 60 minutes are over"
    assert found.missing == {"jax (pre-release)": stopped}


def test_a_pre_release_run_that_found_none_is_the_release(history: History, tmp_path: Path) -> None:
    """Where no pre-release is newer, its environment ran the release again: counted once."""
    save(night(1), tmp_path / "records")
    save(night(1), tmp_path / "pre")
    found = gather([tmp_path / "records", tmp_path / "pre"], history)
    assert len(found.records) == 2
    assert not found.problems


def test_outcomes_are_read_from_json(tmp_path: Path) -> None:
    """What the pipeline writes is read; anything else is refused with its file."""
    file = tmp_path / "outcomes.json"
    told = [{"adapter": "jax", "channel": "release", "exit": None, "reason": "stopped"}]
    file.write_text(json.dumps(told))
    assert read_outcomes(file) == [
        Outcome(adapter="jax", channel="release", exit=None, reason="stopped")
    ]
    file.write_text('{"adapter": "jax"}')
    with pytest.raises(HistoryError, match=r"outcomes\.json does not tell"):
        read_outcomes(file)
