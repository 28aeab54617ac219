"""Tests of the search beyond the stored cases, through the command that people use."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.checking import searching
from conformance.checking.named import named
from conformance.checking.options import Options
from conformance.cli import main
from conformance.errors import AdapterError
from conformance.tests.checking.kernels import RIGHT, SHARP, WRONG

pytest.importorskip("hypothesis")

BLOCKED = RIGHT.replace("(x.mean(rest), x.var(rest))", "(z.mean(rest), z.var(rest))").replace(
    "    mean, var =",
    "    z = x[:-1] if len(x) > 9 and len(x) % 2 and len(x) < 31 else x\n    mean, var =",
)
"""Drops the last row of an odd number of rows, of which there are more than nine."""

ONE = ["--case", "dense/train-float64", "--no-fresh", "--quiet"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the kernels, and the tests in it."""
    kernels = {"right": RIGHT, "wrong": WRONG, "sharp": SHARP, "blocked": BLOCKED}
    for name, text in kernels.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["wrong", "sharp", "blocked"])
def test_a_wrong_kernel_is_found_and_repeated(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the selected case does not show is found; the three lines show it again."""
    assert main(["check", f"{name}.py", *ONE, "--fuzz", "20"]) == 1
    verdict, found, *lines = capsys.readouterr().out.splitlines()
    assert verdict.startswith("CONFORMS")
    assert re.match(r"search: found after \d+ inputs: ", found)
    assert len(lines) == 3
    (folder / "again.py").write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "again.py"], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout.startswith(f"DOES NOT CONFORM, grade F: {name}.py, 1 case")


def test_what_is_found_is_small(capsys: pytest.CaptureFixture[str]) -> None:
    """The input that shows it is shrunk to a few small integers."""
    main(["check", "wrong.py", *ONE, "--fuzz", "20"])
    call = capsys.readouterr().out.splitlines()[3]
    x = re.findall(r"-?\d+\.\d+", call.partition("dy=")[0])
    assert len(x) <= 4


def test_a_right_kernel_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is found, and how much was searched is said."""
    assert main(["check", "right.py", *ONE, "--fuzz", "3"]) == 0
    said = re.search(r"nothing found in (\d+) inputs", capsys.readouterr().out)
    assert said is not None
    assert int(said[1]) > 0


WIDE = """
def batch_norm(x, gamma, beta, *, eps):
    rest = (0, *range(2, x.ndim))
    shape = [-1 if a == 1 else 1 for a in range(x.ndim)]
    mean, var = x.mean(rest, keepdims=True), x.var(rest, keepdims=True)
    y = (x - mean) / (var + eps) ** 0.5 * gamma.reshape(shape) + beta.reshape(shape)
    y[:, 31] = y[:, 31] * 2 if len(x) == 3 else y[:, 31]
    return y


batch_norm.conformance = {"dtypes": ["float64"], "where": ["C == 37", "gamma and beta"]}
"""
"""Wrong in channel 31 of three rows alone; it fails on any call with fewer channels."""


def test_the_search_stays_inside_predicates(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inputs are drawn that meet the scope, and what is wrong there is found."""
    (folder / "wide.py").write_text(WIDE)
    assert main(["check", "wide.py", "--tier", "smoke", "--quiet", "--fuzz", "30"]) == 1
    assert re.search(r"search: found after \d+ inputs: y: fail", capsys.readouterr().out)


def test_options_stand_in_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What the kernel was called with is part of what repeats it."""
    main(["check", "wrong.py", *ONE, "--fuzz", "20", "--dialect", "momentum=new"])
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "print(check('wrong.py', inputs=call, dialect='momentum=new'))"


def test_the_same_seed_finds_the_same() -> None:
    """Two searches of one seed ask the same and end with the same input."""
    with named("wrong.py") as known:
        one, other = (
            searching.search(known, Options(dtype="float64"), 200, 3, lambda *_: None)
            for _ in range(2)
        )
    assert one == other
    assert one.failed


def test_a_kernel_that_takes_nothing_was_not_searched(folder: Path) -> None:
    """A search in which nothing was compared is an error, and never a pass."""
    (folder / "nothing.py").write_text("def f(x, eps): raise NotImplementedError\n")
    with named("nothing.py") as known, pytest.raises(AdapterError, match="took none of"):
        searching.search(known, Options(), 1, 0, lambda *_: None)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_no_time_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the check runs, and with the value."""
    with pytest.raises(SystemExit, match="2"):
        main(["check", "right.py", "--fuzz", seconds])
    out, err = capsys.readouterr()
    assert out == ""
    assert f"--fuzz: '{seconds}' was found, a number of seconds above 0" in err
