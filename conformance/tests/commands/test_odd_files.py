"""Pipes, devices, sockets and folders where a command reads a file: an error at once."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from conformance.nights.history import History
from conformance.places import folder as data_folder
from conformance.tests.checking.kernels import RIGHT
from conformance.tests.nights.history.nights import night
from conformance.tests.sampling import every

pytestmark = pytest.mark.skipif(os.name != "posix", reason="these are files of POSIX")

TIMEOUT = 120.0
"""Seconds that nothing here needs, however busy the machine is; waiting for a pipe has no end."""

GIB = 4 << 30
"""Address space of a command; reading a device without end would need more."""

ODD: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "zero": lambda file: file.symlink_to("/dev/zero"),
    "random": lambda file: file.symlink_to("/dev/urandom"),
    "terminal": lambda file: file.symlink_to("/dev/tty"),
    "folder": Path.mkdir,
    "loop": lambda file: file.symlink_to(file.name),
}

READ: dict[str, tuple[str, ...]] = {
    "check a kernel": ("check", "{odd}.py"),
    "check a kernel by name": ("check", "{odd}.py:batch_norm"),
    "check a pickle": ("check", "pickle:{odd}"),
    "check with known failures": ("check", "kernel.py", "--known-failures", "{odd}"),
    "doctor": ("doctor", "{odd}.py"),
    "doctor of an adapter": ("doctor", "{odd}/adapter.py"),
    "verify": ("verify", "{odd}"),
    "run": ("run", "{odd}.py"),
    "matrix": ("matrix", "{odd}"),
    "matrix of a folder": ("matrix", "{in}"),
    "diff": ("diff", "{odd}", "{odd}"),
    "diff of folders": ("diff", "{in}", "{in}"),
    "history add": ("history", "add", "{odd}", "--history", "history"),
    "history outcomes": (
        *("history", "add", "{in}", "--history", "history", "--outcomes", "{odd}"),
    ),
    "site with power": ("site", "--history", "history", "--power", "{odd}", "--out", "made"),
    "power": ("power", "--check", "{odd}"),
    "expectations": (
        *("expectations", "lossy/adapter.py", "--file", "{odd}", "--records", "{in}"),
    ),
    "expectations of records": ("expectations", "lossy/adapter.py", "--records", "{odd}"),
    "report-bug": ("report-bug", "{odd}.py:one_pass", "dense/train-float32"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a kernel, an adapter, a history, and a socket that somebody listens at."""
    (tmp_path / "kernel.py").write_text(RIGHT)
    (tmp_path / "lossy").mkdir()
    shutil.copy(Path(__file__).parents[1] / "data" / "lossy" / "adapter.py", tmp_path / "lossy")
    History(tmp_path / "history").add(night(0))
    (tmp_path / "in").mkdir()
    return tmp_path


def run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command with little memory and little time."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))

    return subprocess.run(
        [sys.executable, "-m", "conformance", *words],
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
        preexec_fn=bounded,
    )


@pytest.mark.parametrize("asked", every(5, product(sorted(READ), sorted(ODD))), ids="-".join)
def test_a_file_that_is_none_ends_with_an_error_at_once(
    place: Path, asked: tuple[str, str]
) -> None:
    """Exit 2 (1 where a column is told as one that did not report), no trace, and no waiting."""
    command, kind = asked
    words = READ[command]
    suffix = ".py" if any(".py" in word and "odd" in word for word in words) else ".json"
    if any("{odd}/adapter" in word for word in words):
        (place / "odd").mkdir()
        ODD[kind](place / "odd" / "adapter.py")
    else:
        ODD[kind](place / f"odd{suffix}")
    ODD[kind](place / "in" / "record.json")
    odd = "odd" if suffix == ".py" else "odd.json"
    done = run(place, *(w.replace("{odd}", odd).replace("{in}", "in") for w in words))
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr or "did not report" in done.stdout
    assert not (place / "made").exists()


def test_a_socket_is_no_file(place: Path) -> None:
    """The same for a socket, for which opening is an error of its own."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "odd.json"))
        for words in (
            ("verify", "odd.json"),
            ("matrix", "odd.json"),
            ("power", "--check", "odd.json"),
        ):
            done = run(place, *words)
            assert done.returncode in (1, 2), done.stderr
            assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["pipe", "zero", "random", "folder"])
@pytest.mark.parametrize("name", ["MANIFEST.json", "INDEX.json", "momentum.h5"])
def test_golden_files_that_are_none_are_refused(place: Path, name: str, kind: str) -> None:
    """The manifest and the files are read as regular files alone."""
    folder = place / "golden"
    shutil.copytree(data_folder("fixtures"), folder)
    (folder / name).unlink()
    ODD[kind](folder / name)
    line = (
        "import sys; from pathlib import Path; from conformance.cases import golden; "
        "list(golden.load(golden.select('momentum/*', Path('golden')), Path('golden')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", line],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert "GoldenFileError" in done.stderr, done.stderr


@pytest.mark.parametrize("kind", ["pipe", "zero", "folder", "loop"])
def test_a_history_with_a_file_that_is_none_is_told(place: Path, kind: str) -> None:
    """It is a damaged file, which an alarm names, and is not waited for."""
    (file,) = (place / "history" / "runs").rglob("*.parquet")
    file.unlink()
    ODD[kind](file)
    for words in (("history", "list"), ("history", "check"), ("diff", "latest", "latest")):
        done = run(place, *words, "--history", "history")
        assert done.returncode in (1, 2), done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["exec", "exec+npz", "exec+hdf5"])
@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_what_a_program_writes_is_read_as_regular_files(place: Path, form: str, kind: str) -> None:
    """A program whose output is a pipe or a device costs its case an error, and no time limit."""
    made = {"pipe": "os.mkfifo(out)", "zero": "os.symlink('/dev/zero', out)"}[kind]
    where = "sys.argv[2] + '/y'" if form == "exec" else "sys.argv[2]"
    (place / "program.py").write_text(f"import os, sys\nout = {where}\n{made}\n")
    kernel = f"{form}:{sys.executable} program.py"
    done = run(place, "check", kernel, "--no-fresh", "--case", "dense/train-float64")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "regular file was wanted" in done.stdout
