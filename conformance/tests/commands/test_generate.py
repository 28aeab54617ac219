"""``conformance generate``: nothing unproven is written, nothing wrong is verified."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import oracle
from conformance.case import Case, Inputs, Problem
from conformance.cases import _published, catalogue, golden
from conformance.cases.golden import writing
from conformance.cli import main
from conformance.commands import own_problems
from conformance.commands.exits import OWN_FAULT

EXPLAIN = {"one": "One batch.", "two": "Two batches."}
SOLVE = oracle.solve


def problem(name: str, **given: Any) -> Problem:
    """A small training problem."""
    x = np.array([[1, 2], [3, 5], [8, 1]], np.float32)
    inputs = Inputs(**{"x": x, "dy": x[::-1] / 4, "gamma": -x[0], **given})
    group = name.split("/", maxsplit=1)[0]
    return Problem(id=name, group=group, catches="a mistake", made="by hand", inputs=inputs)


PROBLEMS = (problem("one/plain"), problem("one/eps", eps=0.5), problem("two/beta", dy=None))


@pytest.fixture(autouse=True)
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three problems, which the real oracle solves and the real proof proves."""
    monkeypatch.setattr(catalogue, "problems", lambda: PROBLEMS)
    monkeypatch.setattr(catalogue, "GROUPS", EXPLAIN)


def conformance(*words: str) -> int:
    """Run ``conformance generate`` with these arguments."""
    return main(["generate", *words])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the golden files of the small catalogue."""
    writing.write([SOLVE(one) for one in PROBLEMS], tmp_path, explain=EXPLAIN)
    return tmp_path


def wrong(at: Problem) -> Case:
    """The solution of a problem, its first y off by one unit in the last place."""
    case = SOLVE(at)
    y = case.expected.y.copy()  # type: ignore[union-attr]  # every problem here has one
    y[0, 0] = np.nextafter(y[0, 0], 0)
    return replace(case, expected=replace(case.expected, y=y))


def test_it_writes_what_is_then_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writing and verifying succeed, and the summary counts cases, values and seconds."""
    assert conformance("--out", str(tmp_path / "new")) == 0
    wrote = capsys.readouterr().out
    cases = list(golden.load(golden.select(None, tmp_path / "new"), tmp_path / "new"))
    values = sum(array.size for case in cases for array in case.expected.items().values())
    assert wrote.startswith(f"wrote: 3 cases, {values} values proven (catalogue ")
    before = {path: path.stat() for path in (tmp_path / "new").iterdir()}
    assert conformance("--out", str(tmp_path / "new"), "--verify") == 0
    assert capsys.readouterr().out.startswith(f"verified: 3 cases, {values} values proven (")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "new").iterdir()} == {
        path: facts.st_mtime_ns for path, facts in before.items()
    }


def test_unproven_value_is_not_written(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that the verifier disproves stops the writing, and the old files stay."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(oracle, "solve", wrong)
    assert conformance("--out", str(folder)) == 1
    printed = capsys.readouterr().out
    assert "one/plain: y[0, 0] is " in printed
    assert "3 differences: NOT wrote" in printed
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_one_wrong_ulp_is_disproved_though_all_digests_agree(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oracle and golden files that are wrong in the same way do not pass: values are proven."""
    writing.write([wrong(one) for one in PROBLEMS], folder, explain=EXPLAIN)
    monkeypatch.setattr(oracle, "solve", wrong)
    assert conformance("--out", str(folder), "--verify") == 1
    printed = capsys.readouterr().out
    assert "two/beta: y[0, 0] is " in printed
    assert "differ from" not in printed


def test_difference_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A golden file that holds another value than the oracle's is named with case and output."""
    writing.write([wrong(PROBLEMS[0]), *map(SOLVE, PROBLEMS[1:])], folder, explain=EXPLAIN)
    assert conformance("--out", str(folder), "--verify") == 1
    printed = capsys.readouterr().out
    assert "one/plain: expected/y differ from what was solved anew\n" in printed
    assert "one/plain: y[0, 0] is " in printed
    assert "one.h5: " in printed
    assert "two" not in printed


def test_damaged_file_is_a_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A golden file that cannot be read makes verification fail, not stop."""
    (folder / "two.h5").write_bytes(b"not HDF5")
    assert conformance("--out", str(folder), "--verify") == 1
    printed = capsys.readouterr().out
    assert "two.h5: it has 8 bytes" in printed
    assert "NOT verified: 2 cases" in printed


def test_long_list_of_differences_is_cut(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many differences are counted, and the first of them shown."""
    monkeypatch.setattr(own_problems.report, "__kwdefaults__", {"shown": 1})
    monkeypatch.setattr(oracle, "solve", wrong)
    assert conformance("--out", str(folder)) == 1
    assert "... and 2 more\n3 differences: NOT wrote" in capsys.readouterr().out


def test_nothing_to_verify_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verifying a folder without a manifest could not run, and says so."""
    assert conformance("--out", str(tmp_path), "--verify") == 2
    assert "conformance generate: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_unwritable_folder_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that cannot be made could not run, and says so."""
    (tmp_path / "file").write_text("")
    assert conformance("--out", str(tmp_path / "file" / "below")) == 2
    assert "conformance generate: " in capsys.readouterr().err


def test_default_folder_is_fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --out, the golden files of this installation are meant, and the package is told."""
    source = Path(shutil.copy(_published.__file__, tmp_path))
    monkeypatch.setattr(_published, "__file__", str(source))
    monkeypatch.setattr("conformance.places.folder", lambda kind: tmp_path / kind)
    assert conformance() == 0
    assert (tmp_path / "fixtures" / "MANIFEST.json").is_file()
    assert golden.manifest(tmp_path / "fixtures").digest in source.read_text()


@pytest.mark.parametrize("terminal", ["0", "1"])
def test_progress_stays_out_of_the_output(
    terminal: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress goes to stderr, as a bar in a terminal and as plain lines elsewhere."""
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if terminal == "1":
        monkeypatch.setenv("FORCE_COLOR", "1")
    assert conformance("--out", str(folder)) == 0
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert "solving" in err
    assert ("\x1b" in err) is (terminal == "1")


@pytest.mark.parametrize("terminal", ["", "1"])
def test_unforeseen_error_is_not_hidden(
    terminal: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error of the oracle itself is shown with its trace, past the progress bar."""

    def broken(_: Problem) -> Case:
        raise ZeroDivisionError

    monkeypatch.setenv("FORCE_COLOR", terminal)
    monkeypatch.setattr(oracle, "solve", broken)
    assert conformance("--out", str(folder)) == OWN_FAULT
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the command has an example that can be pasted."""
    with pytest.raises(SystemExit):
        conformance("--help")
    assert "\n  conformance generate --verify\n" in capsys.readouterr().out


def test_registering_is_light() -> None:
    """The command line loads neither catalogue, proof nor rich before a command runs."""
    code = (
        "import sys, conformance.commands.generate;"
        "heavy = {'conformance.cases.catalogue', 'conformance.oracle.proof', 'rich'};"
        "heavy &= set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
