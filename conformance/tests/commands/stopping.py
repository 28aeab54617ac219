"""A command in a process of its own that hangs half way, to be stopped by tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

HANGING = """
import subprocess, time, pathlib

CALLS = [0]

def batch_norm(x, gamma, beta, *, eps):
    CALLS[0] += 1
    if CALLS[0] > 6:
        child = subprocess.Popen(["sleep", "600"])
        here = pathlib.Path(__file__).parent
        (here / "reached.part").write_text(f"{__import__('os').getpid()} {child.pid}")
        (here / "reached.part").rename(here / "reached")
        while True:
            time.sleep(1)
    rest = tuple(range(x.ndim - 1))
    return (x - x.mean(rest)) / (x.var(rest) + eps) ** 0.5 * gamma + beta

batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32", "float64"]}
"""
"""A kernel that is right six times; then it starts a program and hangs."""

ADAPTER = """
import sys, pathlib
import numpy as np
from conformance.adapter import Adapter, Path
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hanging

def run(inputs):
    rest = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    hanging.batch_norm(np.zeros((2, 1)), 1, 0, eps=1.0)
    return {"mean": inputs.x.mean(axis=rest)}

ADAPTER = Adapter(
    name="hanging", packages=("numpy",), device=lambda: "cpu",
    paths=(Path(name="one", about="hangs", run=run), Path(name="two", about="hangs", run=run)),
)
"""
"""The same as two paths of an adapter."""


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command in a folder that holds the kernel and the adapter."""
    (folder / "hanging.py").write_text(HANGING, encoding="utf-8")
    (folder / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "conformance", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder)},  # where a kernel may write
        # Tests that a shell runs in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )


def reached(folder: Path, process: subprocess.Popen[str], seconds: float = 120) -> list[int]:
    """Wait until the kernel hangs: its process and all that were started with it."""
    file, end = folder / "reached", time.monotonic() + seconds
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    told = [int(word) for word in file.read_text(encoding="utf-8").split()]
    # Where a worker lives in a world of its own, it knows other numbers than we do.
    return _standing_in(folder, process.pid) or told


def _standing_in(folder: Path, but: int) -> list[int]:
    """Processes that stand in a folder, but for one; none where there is no ``/proc``."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            stands = place.readlink() == folder
        except OSError:  # it is gone, or another's
            continue
        if stands and int(place.parent.name) != but:
            found.append(int(place.parent.name))
    return found


def all_gone(numbers: list[int], seconds: float = 10) -> bool:
    """Whether these processes end within some seconds; one that nobody collects has ended too."""
    end = time.monotonic() + seconds
    while left := [number for number in numbers if _lives(number)]:
        if time.monotonic() > end:
            for number in left:
                os.kill(number, 9)
            return False
        time.sleep(0.05)
    return True


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{number}/stat")
    if not status.exists():
        return True
    try:
        return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
