"""``conformance power`` on a stored measurement: what it writes, says and returns."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.power import measuring
from conformance.tests.power.test_gate import pytestmark as needs_checkout
from conformance.tests.power.test_gate import stored

pytestmark = needs_checkout


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A measurement that the command finds instead of making one."""
    found = copy.deepcopy(stored())
    monkeypatch.setattr(measuring, "measure", lambda **_: found)
    return found


@pytest.mark.usefixtures("power")
def test_it_writes_three_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --out there are data, page and picture, and the summary is printed."""
    assert main(["power", "--out", str(tmp_path / "new")]) == 0
    assert {f.name for f in (tmp_path / "new").iterdir()} == {
        "power.json",
        "power.md",
        "power.svg",
    }
    said = capsys.readouterr().out
    assert "faults of the dictionary are rejected" in said
    assert "ok: every promise holds" in said


def test_a_broken_promise_is_status_1(
    power: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """A promise that does not hold is printed and makes the exit status 1."""
    power["honest"]["alarms"].append("kahan on a case")
    assert main(["power"]) == 1
    assert "BROKEN  false alarm: kahan on a case" in capsys.readouterr().out


def test_a_stale_measurement_is_status_1(
    power: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--check says what a stored measurement is not of, and passes one that is the same."""
    file = tmp_path / "power.json"
    file.write_text(json.dumps(power))
    assert main(["power", "--check", str(file)]) == 0
    old = copy.deepcopy(power)
    old["catalogue"]["digest"] = "other"
    del old["faults"]["beta-sign-flip"]
    file.write_text(json.dumps(old))
    assert main(["power", "--check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "was measured with another catalogue" in said
    assert "was measured with another faults" in said


@pytest.mark.usefixtures("power")
def test_what_cannot_be_read_or_written_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unreadable measurement, or a folder that is a file, is told and is status 2."""
    (tmp_path / "file").write_text("no JSON")
    assert main(["power", "--check", str(tmp_path / "file")]) == 2
    assert "is no readable measurement" in capsys.readouterr().err
    assert main(["power", "--out", str(tmp_path / "file")]) == 2
