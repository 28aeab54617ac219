"""``conformance power`` on a stored measurement: what it writes, says and returns."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.power import account, measuring
from conformance.tests.power.test_gate import pytestmark as needs_checkout
from conformance.tests.power.test_gate import stored

pytestmark = needs_checkout


@pytest.fixture
def power(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A measurement that the command finds instead of making one."""
    found = copy.deepcopy(stored())
    monkeypatch.setattr(measuring, "measure", lambda **_: found)
    monkeypatch.setattr(account, "account", lambda found, **_: found)
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
    old["judge"]["digest"] = "0" * 64
    del old["faults"]["beta-sign-flip"]
    file.write_text(json.dumps(old))
    assert main(["power", "--check", str(file)]) == 1
    said = capsys.readouterr().out
    assert "was measured with another catalogue" in said
    assert "was measured with another judge" in said
    assert "was measured with another faults" in said


@pytest.mark.usefixtures("power")
def test_what_cannot_be_read_or_written_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unreadable measurement, or a folder that is a file, is told and is status 2."""
    (tmp_path / "file").write_text("no JSON")
    assert main(["power", "--check", str(tmp_path / "file")]) == 2
    assert "is no usable power.json" in capsys.readouterr().err
    assert main(["power", "--out", str(tmp_path / "file")]) == 2


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """--help has an example and the meaning of each exit status."""
    with pytest.raises(SystemExit) as left:
        main(["power", "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "conformance power --out docs" in said
    assert "exit status: 0 all promises hold, 1 one does not, 2 could not run" in said


@pytest.mark.parametrize(
    ("missing", "importers"),
    [("scipy.optimize", ("measuring", "account", "table", "cover")), ("matplotlib", ("picture",))],
)
@pytest.mark.usefixtures("power")
def test_a_missing_extra_is_told_before_measuring(
    missing: str,
    importers: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without scipy or matplotlib nothing is measured: the pip line, and status 2."""
    import conformance.power  # noqa: PLC0415 - imported here to be spoilt

    monkeypatch.setitem(sys.modules, missing, None)
    for name in importers:
        monkeypatch.delitem(sys.modules, f"conformance.power.{name}", raising=False)
        monkeypatch.delattr(conformance.power, name, raising=False)
    assert main(["power", "--out", str(tmp_path / "new")]) == 2
    assert "pip install 'batchnorm-conformance[power]'" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("power")
@pytest.mark.parametrize("text", ["[]", "null", "3"])
def test_a_measurement_must_be_an_object(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON that is no object is told as such and is status 2."""
    (tmp_path / "power.json").write_text(text)
    assert main(["power", "--check", str(tmp_path / "power.json")]) == 2
    assert "'conformance/power/1' was wanted" in capsys.readouterr().err


@pytest.mark.usefixtures("power")
@pytest.mark.parametrize("jobs", ["0", "-1"])
def test_no_processes_are_status_2(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Fewer than one process is told with its number and is status 2."""
    with pytest.raises(SystemExit, match="2"):
        main(["power", "--jobs", jobs])
    assert (
        f"{jobs!r} was found, a whole number of processes of 1 or more" in capsys.readouterr().err
    )
