"""Tests of `conformance.nights.history.gathering`: a broken column costs itself alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import HistoryError
from conformance.nights.history import History
from conformance.nights.history.gathering import ColumnEnd, gather, read_outcomes
from conformance.tests.nights.history.nights import add, night
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
    found = gather([folder], history, required=["torch", "jax"])
    assert [record.adapter for record in found.records] == ["torch"]
    assert list(found.missing) == ["jax/jnp", "notes"]
    assert list(found.missing.values()) == list(found.problems)
    assert "jnp.json" in found.problems[0]
    assert "'mine'" in found.problems[1]


def test_no_records_at_all_is_a_night_too(history: History, tmp_path: Path) -> None:
    """If every column broke, the night is kept, with all of them missing and the reason."""
    outcomes = [ColumnEnd(adapter="jax", channel="pinned", exit=1, reason="no such version")]
    found = gather([tmp_path / "none"], history, required=["torch", "jax"], outcomes=outcomes)
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
    assert gather([folder], history, required=["mlx"]).missing == {"mlx": "wrote no run record"}


def test_the_newest_versions_are_columns_of_their_own(history: History, tmp_path: Path) -> None:
    """They stand beside the pinned ones, of another version or of the same."""
    save(night(1), tmp_path / "records")
    save(night(1, channel="newest"), tmp_path / "newest")
    found = gather([tmp_path / "records", tmp_path / "newest"], history)
    names = {entry.column for entry in history.add(found.records).entries}
    assert names == {
        "torch/functional",
        "jax/jnp",
        "torch/functional (newest)",
        "jax/jnp (newest)",
    }


def test_the_newest_versions_are_missed_where_they_were_tried(
    history: History, tmp_path: Path
) -> None:
    """Environments that ran and left nothing are missing, by column where these are known."""
    save(night(1), tmp_path / "records")
    history.add([*night(1), *night(1, ["torch/functional"], channel="newest")])
    outcomes = [
        ColumnEnd(adapter="torch", channel="newest", exit=0),
        ColumnEnd(adapter="jax", channel="newest", exit=None, reason="60 minutes were over"),
        ColumnEnd(adapter="torch", channel="gpu", exit=1, reason="no device"),
    ]
    found = gather([tmp_path / "records"], history, required=["torch", "jax"], outcomes=outcomes)
    assert found.missing == {
        "torch/functional (newest)": "its environment ended with 0 and left no run record",
        "jax (newest)": "its environment was stopped: 60 minutes were over",
        "torch (gpu)": "its environment ended with 1: no device",
    }


def test_outcomes_are_read_from_json(tmp_path: Path) -> None:
    """What the pipeline writes is read; anything else is refused with its file."""
    file = tmp_path / "outcomes.json"
    told: list[dict[str, object]] = [
        {"adapter": "jax", "channel": "pinned", "exit": None, "reason": "stopped"}
    ]
    file.write_text(json.dumps(told))
    told += [{"adapter": "../x", "channel": "pinned", "exit": 1}, {"adapter": "a", "exit": "0"}]
    file.write_text(json.dumps(told))
    ends, problems = read_outcomes(file)
    assert ends == [ColumnEnd(adapter="jax", channel="pinned", exit=None, reason="stopped")]
    assert ["item 1" in problems[0], "item 2" in problems[1]] == [True, True]
    file.write_text('{"adapter": "jax"}')
    with pytest.raises(HistoryError, match=r"outcomes\.json is no usable list of how"):
        read_outcomes(file)
