"""Tests of ``conformance capture`` that need no framework: what it refuses, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import main

WRONG = {
    "nothing": ("def prepare(): pass", "returned NoneType, a model and a function"),
    "no step": ("def prepare(): return 1, 2", "returned tuple, a model and a function"),
    "raises": ("def prepare(): raise KeyError('x')", "it raised KeyError: 'x'"),
    "no function": ("prepare = 3", "is int, a function was wanted"),
    "no model": ("def prepare(): return [], print", "the model is list, a torch.nn.Module"),
    "another": ("def other(): pass", "has no 'prepare'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_function_that_is_none_is_refused(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what was found and what was wanted; nothing is written."""
    monkeypatch.chdir(tmp_path)
    text, words = WRONG[what]
    (tmp_path / "train_it.py").write_text(text)
    assert main(["capture", "train_it.py:prepare", "--out", "new"]) == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("steps", ["", "a", "-1", "0,,1", "0.5"])
def test_steps_that_are_none_are_refused(
    steps: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Numbers from 0 on, between commas."""
    with pytest.raises(SystemExit) as left:
        main(["capture", "f.py:f", f"--steps={steps}", "--out", str(tmp_path / "new")])
    assert left.value.code == 2
    assert "a step" in capsys.readouterr().err


def test_a_folder_that_is_there_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file of the function is not even looked for."""
    (tmp_path / "mine").write_text("")
    assert main(["capture", "no_such.py:f", "--out", str(tmp_path)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
