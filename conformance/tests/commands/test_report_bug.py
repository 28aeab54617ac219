"""The command that writes a bug report, on a framework made for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main

DATA = Path(__file__).parents[1] / "data"
LOSSY, UNRULY, TWOFOLD = (DATA / name / "adapter.py" for name in ("lossy", "unruly", "twofold"))
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


def test_an_empty_batch_is_reported_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Of an empty batch no empty list is shown, and of a dead process no single output."""
    text = report(capsys, f"{TWOFOLD}:squares", "empty/train-float32", "--seconds", "0")
    assert "\nBatch normalization in float32, training mode, computed by numpy" in text
    assert "What happens: the process is killed by SIGSEGV." in text
    assert "An array of shape (0, 8) is due, without values." in text
    assert "[]" not in text


def test_an_edge_is_reported_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Where correct algorithms fail as well the report says how many, and what is held there."""
    text = report(capsys, f"{TWOFOLD}:squares", "extremes/squares-overflow-float32")
    assert re.search(r"This is an edge, .*: \d\d of 26 algorithms .* miss it too\.", text)
    assert "What is held here: sums that overflow do not spoil results that fit." in text
    assert "correct algorithms that this suite knows" not in text


def test_a_cause_of_what_is_degraded_is_no_cause_of_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What tells why an output may be degraded is not told where it fails."""
    text = report(capsys, f"{TWOFOLD}:momentum", "decimal/momentum-0.1-float64", "--seconds", "0")
    assert "What this suite knows of it: momentum is kept in float32." in text
    assert "one value per channel" not in text


def test_without_a_case_the_last_run_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the failures of a run the one is taken that shows best, or shows a cause best.

    The lines of a cause are told where they are of the path.
    """
    path, records = f"{TWOFOLD}:momentum", str(tmp_path)
    cases = ("decimal/momentum-*-float64", "count/m-1-*", "combinations/010-*")
    asked = [word for case in cases for word in ("--case", case)]
    assert main(["run", path, *asked, "--records", records]) == 0
    for more, case, cause in (
        ((), "count/m-1-float32", "one value per channel leaves the running mean alone"),
        (("--cause", "narrow-momentum"), "decimal/momentum-0.1-float64", "momentum is kept"),
    ):
        text = report(capsys, path, "--records", records, "--seconds", "5", *more)
        assert f"Case `{case}`" in text
        assert f"What this suite knows of it: {cause}" in text
        assert "which is there to show" not in text
        assert ("lines of momentum" in text) is (cause != "momentum is kept")
        assert "lines of mixed" not in text


def test_a_wrong_type_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A title does not name the output before a sentence that begins with it.

    The type stands with what is printed, and what a case is there to show is a hint where no cause
    is known.
    """
    text = report(capsys, f"{TWOFOLD}:typed", "dense/train-float32", "--seconds", "0")
    assert text.startswith("# numpy: mean has type float16, expected float32 (float32, training")
    assert "conformance suite, which is there to show: " in text
    assert "It prints, float16 of shape (8,),\n\n```\n[" in text


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
        ((PATH, "--records", "no-such-folder"), 2, "is missing. Name a case that fails, or run: "),
        ((PATH, "dense/train-float32", "--cause", "x"), 2, "one of them was wanted. Leave CASE"),
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
