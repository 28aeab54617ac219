"""Where the check itself is killed, its workers end with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from conformance.harness.shield import left_over
from conformance.tests.harness.shield.attacks import Attack, kernel
from conformance.tests.harness.shield.disruptive import OUTLIVING
from conformance.tests.harness.shield.test_budget import left_behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the keeper is written for Linux")

_RUN = """
import sys
import conformance
from conformance.harness.shield import near
near.LEFT_OUT = frozenset(sys.argv[2:])
conformance.check(sys.argv[1], case="dense/train-float32", fresh=False, timeout=60)
"""
_LEFT = {"all": (), "without namespaces and Landlock": ("namespaces", "mounts", "landlock")}
_STARTING = [
    "a child",
    "a session of its own",
    "a daemon",
    "a daemon that ignores signals",
]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("means", _LEFT)
@pytest.mark.parametrize("name", _STARTING)
def test_nothing_outlives_a_check_that_is_killed(
    name: str, means: str, number: signal.Signals, tmp_path: Path
) -> None:
    """The keeper outlives the grader by as long as it takes to end what is below it."""
    word = f"killed-{os.getpid()}-{time.monotonic_ns()}"
    known = {"WAIT": f"sleep 599; : {word}", "STOP": str(tmp_path / "stop"), "KEPT": []}
    file = tmp_path / "attacker.py"
    text = f"{OUTLIVING[name].strip(chr(10)).rstrip()}\n"
    ready = tmp_path / "cache" / "ready"
    known["READY"] = str(ready)
    ready.parent.mkdir()
    hangs = Attack(text="Path(READY).touch(); time.sleep(600)")
    file.write_text(kernel({"it": Attack(text=text), "then": hangs}, known))
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(ready.parent)}  # where it may write
    check = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(file), *_LEFT[means]], env=environment
    )
    deadline = time.monotonic() + 60
    while not (ready.exists() and left_behind(word)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_behind(word)
    check.send_signal(number)
    check.wait(timeout=30)
    while (left_behind(word) or left_behind(str(file))) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left_behind(word)
    assert not left_behind(str(file))
    assert not list(Path(tempfile.gettempdir()).glob(f"conformance-worker-{check.pid}-*"))


def test_what_a_killed_run_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders of processes that are gone are removed, those of living ones and others are not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    kept = [f"conformance-worker-{os.getppid()}-abc", f"another-worker-{gone}-abc"]
    for name in (f"conformance-worker-{gone}-abc", *kept):
        (tmp_path / name / "within").mkdir(parents=True)
    made = Path(left_over.new_folder())
    assert {p.name for p in tmp_path.iterdir()} == {*kept, made.name}
    left_over.remove(str(made))
    assert not made.exists()


def test_a_folder_is_removed_however_deep_and_closed_it_is(tmp_path: Path) -> None:
    """A kernel may take away its rights, or nest folders deeper than a path can say."""
    closed = tmp_path / "closed" / "within"
    closed.mkdir(parents=True)
    (closed / "file").touch()
    closed.chmod(0)
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        further = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = further
    os.close(here)
    for folder in (tmp_path / "closed", deep):
        left_over.remove(str(folder))
        assert not folder.exists()
