"""What a smoke check loads, and when: counted, since seconds are the machine's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.tests.checking.kernels import RIGHT

DEAR = (
    "conformance.checking.doctor",
    "conformance.faults.diagnosis",
    "conformance.harness.run",
    "conformance.quality.measure",
    "concurrent.futures",
    "email",
    "h5py",
    "hypothesis",
    "importlib.metadata",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "pytest",
    "scipy",
    "tomllib",
)
"""What takes milliseconds each, and a check of a right kernel has no use for."""

BEFORE = ("numpy", "ml_dtypes", "rich", "fastjsonschema", "conformance.case", "conformance.verdict")
"""What is loaded while the worker starts, and not before."""

WATCHED = """
import sys
from conformance.harness.life import Life
start, first = Life.start, []
def watched(self):
    first.extend(first or [m for m in {before} if m in sys.modules])
    start(self)
Life.start = watched
from conformance.cli import main
status = main(["check", "k.py", "--tier", "smoke", "--dtype", "float32", "--no-fresh"])
assert "conformance.harness.life" in sys.modules and status == 0, status
print("first", first, "later", [m for m in {dear} if m in sys.modules])
"""


def test_the_worker_starts_before_numpy_is_loaded_here(tmp_path: Path) -> None:
    """What judges is loaded while the worker starts, and what a right kernel needs not never."""
    (tmp_path / "k.py").write_text(RIGHT)
    program = WATCHED.format(before=BEFORE, dear=DEAR)
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "first [] later []"


@pytest.mark.parametrize("name", ["h5py", "importlib.metadata", "email", "tomllib", "unittest"])
def test_a_worker_loads_no_more_than_it_needs(tmp_path: Path, name: str) -> None:
    """A kernel over numpy arrays meets none of what other kernels alone have use for."""
    kernel = f"import sys\nassert {name!r} not in sys.modules, 'it is loaded'\n{RIGHT}"
    (tmp_path / "k.py").write_text(kernel)
    program = (
        "from conformance.cli import main\n"
        "raise SystemExit(main(['check', 'k.py', '--case', 'dense/train-float32', '--no-fresh']))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
