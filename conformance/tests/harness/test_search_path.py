"""Tests of `harness.search_path`: files beside a kernel that have the names of other modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.harness import search_path
from conformance.tests.checking.kernels import RIGHT

STANDARD = ("types", "select", "random", "json", "os", "numbers", "queue", "signal", "statistics")
BROKEN = "raise RuntimeError('a neighbour was imported instead of a standard module')\n"
HELPED = (
    "import random, select, types, statistics\n"
    "import shapes_of\n"
    "assert random.random() < 1 and select.select and types.ModuleType and statistics.mean\n"
    + RIGHT.replace("tuple(range(x.ndim - 1))", "shapes_of.rest(x)")
)
PROGRAM = """
import pathlib, random, sys, select
import numpy as np
assert random.random() < 1 and select.select
sys.exit(77)
"""


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder with a kernel, its helper, and files named after standard modules and numpy."""
    for name in (*STANDARD, "numpy"):
        (tmp_path / f"{name}.py").write_text(BROKEN)
    (tmp_path / "shapes_of.py").write_text("def rest(x):\n    return tuple(range(x.ndim - 1))\n")
    (tmp_path / "kernel.py").write_text(HELPED)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


COMMAND = str(Path(sys.executable).with_name("conformance"))


@pytest.mark.parametrize("kernel", ["kernel.py:batch_norm", "kernel:batch_norm"])
@pytest.mark.parametrize("how", [(COMMAND,), (sys.executable, "-P", "-m", "conformance")])
def test_neighbours_hide_no_standard_module(
    crowded: Path, how: tuple[str, ...], kernel: str
) -> None:
    """A kernel finds its helper beside it; files named like standard modules are not imported."""
    if not Path(how[0]).exists():
        pytest.skip("the command is not installed beside this Python")
    done = run(crowded, *how, "check", kernel, "--tier", "smoke", "--no-fresh")
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_dash_m_loses_the_current_folder_before_it_loads_anything(crowded: Path) -> None:
    """With ``-m`` what Python itself loads first is its own affair; all that follows is ours."""
    for name in ("types", "os", "signal"):  # what ``python -m`` loads for any package
        (crowded / f"{name}.py").unlink()
    words = (sys.executable, "-m", "conformance", "check", "kernel.py", "--no-fresh")
    done = run(crowded, *words, "--tier", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_function_of_a_script_is_checked_among_such_neighbours(crowded: Path) -> None:
    """`conformance.check` hands its own path on, the script's folder behind the library."""
    script = crowded / "script.py"
    script.write_text(
        "import sys\n"
        "beside = sys.path.pop(0)\n"
        "import random, select, types, statistics, conformance\n"
        "check = conformance.check\n"
        "sys.path.insert(0, beside)\n"
        "from kernel import batch_norm\n"
        "report = check(batch_norm, tier='smoke', fresh=False)\n"
        "print(report.verdict)\n"
        "assert report.verdict.partition(':')[0] in str(report)\n"
    )
    done = run(crowded, sys.executable, str(script))
    assert done.stdout.startswith("CONFORMS"), done.stdout + done.stderr


def test_a_program_is_started_with_the_path_of_its_user(
    crowded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of our own path reaches a program: it may be another Python."""
    apart = tmp_path / "apart"
    apart.mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(apart))  # a program may write among caches alone
    (apart / "program.py").write_text(
        f"import os, pathlib\n"
        f"pathlib.Path({str(apart / 'told')!r}).write_text(os.environ.get('PYTHONPATH', ''))\n"
        f"{PROGRAM}"
    )
    kernel = f"exec:{sys.executable} {apart / 'program.py'}"
    words = (sys.executable, "-P", "-m", "conformance", "check", kernel, "--case", "offset/*")
    kept = os.environ.get("PYTHONPATH", "")
    done = run(crowded, *words, "--no-fresh")
    assert "Traceback" not in done.stdout + done.stderr
    assert (apart / "told").read_text() == kept


def test_what_a_kernel_meant_to_import_is_told(crowded: Path) -> None:
    """A kernel that wants a neighbour with a standard name learns that it has to be renamed."""
    shutil.copy(crowded / "shapes_of.py", crowded / "statistics.py")
    (crowded / "kernel.py").write_text("from statistics import rest\n" + RIGHT)
    words = (sys.executable, "-P", "-m", "conformance", "check", "kernel.py")
    done = run(crowded, *words, "--no-fresh")
    assert done.returncode == 2
    assert "statistics.py, types.py is not imported" in done.stderr
    assert "Rename it." in done.stderr


def test_a_kernel_file_may_have_the_name_of_a_standard_module(tmp_path: Path) -> None:
    """A kernel in random.py does not take the place of the module that frameworks import."""
    check = "import random\nassert random.random() < 1\n"
    (tmp_path / "random.py").write_text(RIGHT + f"\ndef _first():\n    {check.splitlines()[0]}\n")
    words = (sys.executable, "-P", "-m", "conformance", "check", "random.py:batch_norm")
    done = run(tmp_path, *words, "--no-fresh")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_worker_starts_with_the_library_and_what_is_installed() -> None:
    """The others follow in their order; an empty place is left out, one named twice is one."""
    standard = [p for p in sys.path if search_path._is_standard(p)]
    assert standard
    installed = "/somewhere/site-packages"
    mixed = ["", "/b", standard[0], installed, "/a", "/b", *standard[1:]]
    assert search_path.for_worker(mixed) == [*standard, installed, "/b", "/a"]


def test_a_neighbour_comes_before_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper beside a kernel is found though a distribution has a module of that name."""
    standard = [p for p in sys.path if search_path._is_standard(p)]
    monkeypatch.setattr(sys, "path", ["/somewhere/site-packages", *standard, "/b"])
    search_path.add_beside("/kernel")
    assert sys.path == [*standard, "/kernel", "/b", "/somewhere/site-packages"]


def test_modules_that_load_late_are_not_looked_for_in_a_script_s_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A script's folder comes after the library and what is installed, and is first again then."""
    standard = [p for p in sys.path if search_path._is_standard(p)]
    before = ["/script", "/somewhere/site-packages", *standard]
    monkeypatch.setattr(sys, "path", list(before))
    with search_path.neighbours_last():
        assert sys.path == [*standard, "/somewhere/site-packages", "/script"]
    assert sys.path == before


def test_ordering_the_path_may_itself_import_modules(tmp_path: Path) -> None:
    """What tells the standard library's places is loaded on first use, as the path is ordered."""
    program = (
        "import sys\n"
        "from conformance.harness import search_path\n"
        "sys.modules.pop('sysconfig')\n"
        "import sysconfig\n"
        "search_path.sysconfig = sysconfig\n"
        "sys.modules.pop(sysconfig._get_sysconfigdata_name(), None)\n"
        "sys.path.insert(0, '/neighbour')\n"
        "with search_path.neighbours_last():\n"
        "    assert sys.path[-1] != '/neighbour' and sys.path.index('/neighbour') > 0\n"
        "assert sys.path[0] == '/neighbour'\n"
    )
    done = run(tmp_path, sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
