"""Tests of docs/nightly.md: its query runs, and it names every alarm and every kind of change."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest

from conformance.nights.diff.changes import WORSENING, ChangeKind
from conformance.nights.history import History
from conformance.nights.history.alarms import Alarm
from conformance.tests.nights.history.nights import add, cases
from conformance.tests.report.records import failed, passed

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[4]))
PAGE = CHECKOUT / "docs" / "nightly.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the page is in the checkout")


def test_the_query_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pasted into DuckDB beside a history, it finds the outputs that failed and no others."""
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    history = History(tmp_path / "history")
    add(history, 0, ["torch/functional"], results=cases({"y": failed(), "dx": passed()}))
    monkeypatch.chdir(tmp_path)
    rows = duckdb.connect().execute(query).fetchall()
    assert sorted(row[:4] for row in rows) == [
        ("torch/functional", "2.13.0", f"offset/{i}", "y") for i in range(3)
    ]


def test_every_alarm_and_every_kind_is_named() -> None:
    """And what makes the exit status 1 is told apart from what does not."""
    text = PAGE.read_text(encoding="utf-8")
    for name in {*Alarm, *ChangeKind} - {Alarm.NEVER_RAN}:
        assert f"`{name.value}`" in text
    worse, others = text.split("Kinds that make the exit status 1:")[1].split(
        "The others are\ntold"
    )
    assert all(f"`{kind.value}`" in (worse if kind in WORSENING else others) for kind in ChangeKind)
