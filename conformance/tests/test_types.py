"""What a type checker sees of the package."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")

PROGRAM = '''\
"""A user's program."""

import numpy as np

import conformance
from conformance import Case, Dialect, Inputs, Outputs, Report, check, expected, load


def batch_norm(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *, eps: float) -> object:
    return {"y": x - eps}


def worst(cases: list[Case]) -> int:
    return max(case.inputs.count for case in cases)


x = np.array([[1.0], [-1.0]])
answers: Outputs = expected(x, gamma=np.ones(1), beta=np.zeros(1), dy=x, eps=1.0)
inputs = Inputs(x=x, gamma=np.ones(1), beta=np.zeros(1), dy=x, eps=1.0)
dialect = Dialect(running_var="biased")
report: Report = check(batch_norm, tier="smoke")
other: Report = conformance.check(batch_norm, inputs=inputs)
found: list[Case] = list(load("dense/*"))
number: int = worst(found)
conforms: bool = report.conforms
try:
    load("no such case")
except conformance.ConformanceError as error:
    print(error, conformance.__version__, dialect, answers.y)
'''

WRONG = """\
import conformance

conformance.chekc(1)
number: int = conformance.__version__
conformance.check(print, tear="smoke")
"""


def mypy(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run mypy on a program in a folder of its own, against the package as it is installed."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache")]
    return subprocess.run(
        [*command, "--config-file", "/dev/null", "program.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_program_passes_mypy_strict(tmp_path: Path) -> None:
    """Every public name has its type in a user's program, under mypy's strictest rules."""
    done = mypy(tmp_path, PROGRAM)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mistakes_in_a_program_are_seen(tmp_path: Path) -> None:
    """A name that is none, a wrong type and an unknown option are told: nothing is of any type."""
    said = mypy(tmp_path, WRONG).stdout
    assert 'has no attribute "chekc"' in said
    assert "Incompatible types in assignment" in said
    assert 'Unexpected keyword argument "tear"' in said
