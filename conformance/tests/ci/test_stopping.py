"""Tests of what becomes of a column when ``ci/nightly.py`` is stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[3]))

TOX = """\
import os, sys, time
from pathlib import Path
with open(os.environ["STARTED"], "w") as file:
    file.write(str(os.getpid()))
time.sleep(600)
"""


@pytest.mark.parametrize(("kind", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_night_that_is_stopped_ends_its_column(
    tmp_path: Path, kind: signal.Signals, status: int
) -> None:
    """The exit status tells the signal, and what the night had started is gone with it."""
    (tmp_path / "tox.py").write_text(TOX)
    started = tmp_path / "started"
    night = subprocess.Popen(
        [sys.executable, str(CHECKOUT / "ci" / "nightly.py"), "columns", "textbook",
         "--night", str(tmp_path / "night")],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "STARTED": str(started)},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    column = int(_awaited(started))
    night.send_signal(kind)
    assert night.wait(60) == status
    assert _is_gone(column)


def _awaited(file: Path) -> str:
    for _ in range(600):
        with contextlib.suppress(FileNotFoundError):
            if text := file.read_text():
                return text
        time.sleep(0.1)
    pytest.fail("the column did not start within a minute")


def _is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False
