"""Tests of the conformance statement: written, cited, verified, and not to be forged."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

from conformance.cli import main
from conformance.tests.checking.kernels import RIGHT, WRONG

SCHEMA = json.loads((resources.files("conformance") / "schemas" / "statement.json").read_text())


@pytest.fixture
def stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kernel and its statement."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(RIGHT)
    options = ["--case", "dense/*", "--dtype", "float32", "--quiet"]
    assert main(["check", "k.py:batch_norm", "--statement", "statement.json", *options]) == 0
    return tmp_path


def test_a_statement_says_what_was_checked(stated: Path) -> None:
    """It keeps its schema and names suite, kernel, versions, device, grades and date."""
    said = json.loads((stated / "statement.json").read_text())
    jsonschema.validate(said, SCHEMA)
    assert said["conforms"] is True
    assert said["kernel"]["selector"] == "k.py:batch_norm"
    assert said["suite"]["dtype"] == "float32"
    assert said["grades"]["y"] == "A"
    assert said["counts"]["pass"] > 0


def test_a_statement_that_is_true_holds(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command checks again and says so."""
    capsys.readouterr()
    assert main(["verify", str(stated / "statement.json")]) == 0
    assert capsys.readouterr().out.startswith("HOLDS: ")


def test_another_kernel_breaks_it(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel that was changed is noticed by its digest and by its grades."""
    (stated / "k.py").write_text(WRONG.replace("len(x)", "7"))
    capsys.readouterr()
    assert main(["verify", str(stated / "statement.json")]) == 1
    said = capsys.readouterr().out
    assert said.startswith("DOES NOT HOLD: ")
    assert "breaks: kernel.sha256" in said
    assert "breaks: grade was A, is F" in said


def test_an_edited_statement_is_refused(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A statement that was changed after it was written is no statement."""
    file = stated / "statement.json"
    file.write_text(file.read_text().replace('"grade": "A"', '"grade": "B"'))
    assert main(["verify", str(file)]) == 2
    assert "was changed after it was written" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "other/1"}'])
def test_what_is_no_statement_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to write one."""
    file = tmp_path / "statement.json"
    file.write_text(text)
    assert main(["verify", str(file)]) == 2
    assert "conformance check KERNEL --statement FILE" in capsys.readouterr().err
