"""Tests of ``conformance new-adapter``: a folder that runs at once, and nothing written over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_folder_runs_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The template passes every case of the smoke tier and its self-test, and says what is next."""
    assert main(["new-adapter", "my_framework"]) == 0
    said = capsys.readouterr().out
    file = Path("my_framework", "adapter.py")
    assert f"conformance run {file} --tier smoke" in said
    assert main(["run", str(file), "--tier", "smoke"]) == 0
    assert main(["doctor", str(file)]) == 0
    made = {
        str(f.relative_to(tmp_path))
        for f in tmp_path.rglob("*")
        if f.suffix in (".py", ".toml", ".txt")
    }
    names = ("adapter.py", "expectations.toml", "requirements.txt", "tests/test_my_framework.py")
    assert made == {f"my_framework/{name}" for name in names}


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    """The name stands wherever the template has its placeholder."""
    assert main(["new-adapter", "mine", "--into", str(tmp_path / "deep" / "er")]) == 0
    texts = [f.read_text() for f in (tmp_path / "deep" / "er" / "mine").rglob("*.*")]
    assert 'name="mine"' in "".join(texts)
    assert "NAME" not in "".join(texts)


def test_its_own_test_passes(tmp_path: Path) -> None:
    """The test in the folder is run by pytest as it lies there."""
    assert main(["new-adapter", "mine"]) == 0
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "mine"]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_in_a_checkout_it_is_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anywhere in a checkout the folder goes to its adapters."""
    (tmp_path / "conformance").mkdir()
    (tmp_path / "adapters").mkdir()
    for name in ("toxfile.py", "conformance/adapter.py"):
        (tmp_path / name).touch()
    (tmp_path / "tox.ini").write_text("[testenv:matrix]\n")
    monkeypatch.chdir(tmp_path / "conformance")
    assert main(["new-adapter", "mine"]) == 0
    assert (tmp_path / "adapters" / "mine" / "adapter.py").is_file()
    assert main(["new-adapter", "matrix"]) == 2
    assert os.listdir(tmp_path / "adapters") == ["mine"]  # noqa: PTH208 - names alone


@pytest.mark.parametrize("name", ["torch", "My", "a-b", "a__b", "1a", "class", "x_gpu", "../a", ""])
def test_a_bad_name_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message shows the name and what was wanted; nothing is written."""
    assert main(["new-adapter", name]) == 2
    assert repr(name) in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder or a file of that name stays as it is."""
    (tmp_path / "mine").write_text("mine")
    assert main(["new-adapter", "mine"]) == 2
    assert "exists" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "mine"
