"""The process that judges closes its memory where nothing else does, and no longer than needed."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.harness.session import Session
from conformance.harness.shield import near
from conformance.harness.shield.grader import GRADER

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PR_SET_DUMPABLE")

_GET_DUMPABLE = 3


def dumpable() -> int:
    """Whether others of the same user may look into this process."""
    return int(ctypes.CDLL(None).prctl(_GET_DUMPABLE))


def test_it_is_closed_as_long_as_such_a_worker_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Landlock and namespaces the process is not dumpable until the worker is gone."""
    monkeypatch.setattr(near, "LEFT_OUT", frozenset({"landlock", "namespaces", "mounts"}))
    assert dumpable() == 1
    with Session("textbook") as session:
        session.describe()
        assert dumpable() == 0
        assert session.protections.states["grader"] == "on: not dumpable"
    assert dumpable() == 1


def test_it_is_open_again_where_the_worker_is_kept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Landlock a debugger of the user's may look while the worker lives, and it may not."""
    monkeypatch.setattr(near, "LEFT_OUT", frozenset({"namespaces", "mounts"}))
    with Session("textbook") as session:
        session.describe()
        if not session.protections["landlock"]:
            pytest.skip(session.protections.states["landlock"])
        assert dumpable() == 1


def test_two_workers_close_it_until_both_are_gone() -> None:
    """It is counted: the end of one worker does not open what another is kept out of."""
    assert GRADER.hide()
    assert GRADER.hide()
    GRADER.show()
    assert dumpable() == 0
    GRADER.show()
    assert dumpable() == 1


def test_a_closed_process_is_closed() -> None:
    """Another process of the same user, without capabilities, cannot open its memory."""
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    else:
        command = []
    text = (
        "import ctypes, os, subprocess, sys\n"
        "ctypes.CDLL(None).prctl(4, int(sys.argv[1]), 0, 0, 0)\n"
        'ask = f\'open("/proc/{os.getpid()}/mem", "rb")\'\n'
        "sys.exit(subprocess.run([sys.executable, '-c', ask], stderr=-3).returncode)\n"
    )
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("there is no Python that every user may run")
    codes = [
        subprocess.run([*command, str(python), "-c", text, value], check=False).returncode
        for value in ("1", "0")
    ]
    assert codes == [0, 1]
