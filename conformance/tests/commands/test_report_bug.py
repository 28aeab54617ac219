"""The command that writes a bug report, on a framework made for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main

LOSSY = Path(__file__).parents[1] / "data" / "lossy" / "adapter.py"
UNRULY = Path(__file__).parents[1] / "data" / "unruly" / "adapter.py"
PATH = f"{LOSSY}:one_pass"


def report(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints when it writes a report."""
    capsys.readouterr()
    assert main(["report-bug", *words]) == 0
    return capsys.readouterr().out


def test_report_has_a_program_that_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The program of a report, run as it stands, prints the values that the report shows."""
    text = report(capsys, PATH, "offset/rows-float32-1000")
    program, printed, exact = re.findall(r"```(?:python)?\n(.*?)```", text, re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == json.loads(printed)
    assert json.loads(printed) != json.loads(exact)
    assert len(re.findall(r"\d+\.\d+", program)) <= 4  # of 8 channels of 6 values


def test_report_says_what_a_maintainer_asks(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, versions, distance, bound and why it is one, the case and its command are there."""
    text = report(capsys, PATH, "offset/rows-float32-1000", "--output", "var")
    assert re.match(
        r"# E\[x\^2\] - mean\^2: var\[0\] is .*, not .* \(float32, training mode\)", text
    )
    for part in (
        "- numpy ",
        "- device: cpu",
        "is due to rounding.",
        "correct algorithms that this suite knows",
        f"    conformance run {PATH} --case offset/rows-float32-1000\n",
        "instead of (6, 8)",
    ):
        assert part in text, part


def test_crash_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the process dies there are no values, and the report says what killed it."""
    text = report(capsys, PATH, "dense/test-float32", "--seconds", "5")
    assert "# E[x^2] - mean^2: the process is killed by SIGSEGV (float32, test mode)" in text
    assert "What happens: the process is killed by SIGSEGV." in text


def test_report_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --out the report is written there, and the path is printed."""
    file = tmp_path / "bug.md"
    told = report(capsys, PATH, "offset/rows-float32-1000", "--out", str(file), "--seconds", "0")
    assert told == f"wrote {file}\n"
    assert "The inputs above are those of the case." in file.read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((PATH, "offset/rows-float32-1000", "--output", "mean"), 1, "gives y unsupported"),
        (("textbook/staged", "dense/train-float32"), 2, "is this project's own"),
        (
            ("textbook/staged", "dense/train-float32"),
            2,
            "conformance run textbook/staged --case dense/train-float32",
        ),
        ((f"{UNRULY}:throw", "dense/train-float32"), 2, "has reproduce = None, a function was"),
        (("textbook", "dense/train-float32"), 2, "'textbook' names an adapter, one of its paths"),
        (("textbok/staged", "dense/train-float32"), 2, "Did you mean 'textbook'?"),
        (("textbook/stagd", "dense/train-float32"), 2, "has no path 'stagd'"),
        ((PATH, "dense/train-float3"), 2, "Near names are: dense/train-float32"),
        ((PATH, "combined/square-no-running", "--output", "running_var"), 2, "is not due in"),
    ],
)
def test_what_is_not_reported_is_said(
    words: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What does not fail ends with status 1, a wrong name with 2, each with a message."""
    capsys.readouterr()
    assert main(["report-bug", *words]) == status
    assert said in capsys.readouterr().err
