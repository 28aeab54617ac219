"""Tests of ``conformance history``, ``diff`` and ``site``: what they print and how they exit."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.nights.history import History
from conformance.tests.nights.history.nights import add, cases, night
from conformance.tests.report.records import failed, passed, save


def call(command: str, *arguments: str | Path) -> int:
    """Run a command as the command line does."""
    return main([command, *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A history of two nights, the second of which fails."""
    history = History(tmp_path / "history")
    add(history, 0)
    add(history, 1, results=cases({"y": failed(), "dx": passed()}))
    return history.folder


def test_a_night_is_added_listed_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole night exits with 0; one with a missing column with 1, and names it."""
    records, history = save(night(0), tmp_path / "records"), tmp_path / "history"
    assert call("history", "add", records, "--history", history, "--require", "torch", "jax") == 0
    save(night(1), records)
    (records / "jax" / "jnp.json").unlink()
    assert call("history", "add", records, "--history", history, "--require", "torch", "jax") == 1
    said = capsys.readouterr().out
    assert "2 columns reported, 1 with results that are new; 0 missing" in said
    assert "missing: jax/jnp: wrote no run record" in said
    assert call("history", "list", "--history", history) == 0
    listed = capsys.readouterr().out.splitlines()
    assert ["2 columns, 0 missing" in listed[0], "1 columns, 1 missing" in listed[1]] == [True] * 2
    assert call("history", "check", "--history", history, "--format", "json") == 1
    alarms = {alarm["alarm"] for alarm in json.loads(capsys.readouterr().out)}
    assert "missing-night" in alarms


def test_a_history_that_is_not_there_could_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listing, comparing and drawing nothing is exit 2, with what to do."""
    none = ["--history", str(tmp_path / "none")]
    for command, *more in (
        ("history", "list"),
        ("diff", "previous", "latest"),
        ("site", "--out", str(tmp_path / "site")),
    ):
        assert call(command, *more, *none) == 2
        assert "conformance history add" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_difference_exits_with_what_it_found(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 if anything got worse, 0 if not; in text, Markdown and JSON, printed and written."""
    assert call("diff", "previous", "latest", "--history", folder) == 1
    said = capsys.readouterr().out
    assert said.startswith("WORSE: 6 new-failure")
    assert re.search(r"torch/functional 2\.13\.0\n +offset/0 y: pass A 3\.2 units -> fail F", said)
    file = tmp_path / "summary.md"
    shape = ("--format", "markdown", "--out", file)
    assert call("diff", "latest", "previous", "--history", folder, *shape) == 0
    assert file.read_text() == capsys.readouterr().out
    assert file.read_text().startswith("### ✅ nothing worse: 6 fixed")
    assert call("diff", "latest", "latest", "--history", folder, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []


def test_what_is_not_installed_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the extra the error says how to get it."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    monkeypatch.delitem(sys.modules, "conformance.nights.history.query", raising=False)
    monkeypatch.delitem(sys.modules, "conformance.nights.diff.compare", raising=False)
    monkeypatch.delitem(sys.modules, "conformance.nights.diff.sides", raising=False)
    monkeypatch.delattr("conformance.nights.history.query", raising=False)
    assert call("diff", "previous", "latest", "--history", folder) == 2
    assert "pip install 'batchnorm-conformance[history]'" in capsys.readouterr().err


def test_a_site_is_made(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how many files it wrote and which one to open."""
    assert call("site", "--history", folder, "--out", tmp_path / "site") == 0
    said = capsys.readouterr().out
    assert re.match(r"wrote \d{3} files to .*; open .*index\.html", said)
    assert (tmp_path / "site" / "index.html").is_file()
