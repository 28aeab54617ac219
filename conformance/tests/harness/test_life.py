"""A worker's process from its start to its end, without a question."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from conformance.harness import search_path
from conformance.harness.life import Life


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shield: what is started is the program itself, and not a keeper."""
    monkeypatch.setenv("CONFORMANCE_SHIELD", "off")


def _program(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Start a program of these lines where a worker would be started."""
    monkeypatch.setattr(search_path, "module", lambda *_: [sys.executable, "-c", text])


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; sys.exit(7)", "the worker exited with code 7"),
        ("import os; os.kill(os.getpid(), 9)", "the worker was killed by SIGKILL"),
        ("import os, time; os.close(1); time.sleep(60)", "the worker closed its pipe"),
    ],
)
def test_why_it_is_over_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    """An exit, a signal and a pipe that was closed alone are told apart."""
    _program(monkeypatch, program)
    life = Life("nothing")
    life.start()
    life.channel.put([], time.monotonic() + 60)
    with pytest.raises(EOFError):
        life.channel.fill(memoryview(bytearray(1)))
    assert life.why_over() == why
    life.close()


@pytest.mark.usefixtures("bare")
def test_what_it_printed_is_there_when_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of its standard error outlives it, and closing it twice does nothing more."""
    _program(monkeypatch, "import sys, time; print('last', file=sys.stderr); sys.stderr.close()")
    life = Life("nothing")
    assert not life.is_on
    life.start()
    assert life.is_on
    assert life.printed == "last"
    life.close()
    life.close()
    assert not life.is_on
    assert life.printed == "last"


def test_what_has_not_started_can_be_ended_and_closed() -> None:
    """A signal may come before the start: nothing is there to be ended, and nothing is printed."""
    life = Life("nothing")
    life.end()
    life.close()
    assert not life.is_on
    assert life.printed is None


@pytest.mark.usefixtures("bare")
def test_it_starts_with_its_switches_and_places(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Switches are set for it and not here; it looks for modules where it is told to."""
    _program(
        monkeypatch,
        "import os, sys; print(os.environ['SWITCH'], os.environ['PYTHONPATH'], file=sys.stderr);"
        "sys.stderr.close(); sys.stdin.read()",
    )
    life = Life("nothing", paths=[str(tmp_path)], switches={"SWITCH": "on"})
    life.start()
    said = life.printed or ""
    life.close()
    assert said.startswith("on ")
    assert str(tmp_path) in said.split()[1].split(os.pathsep)
    assert "SWITCH" not in os.environ


@pytest.mark.usefixtures("bare")
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no process groups")
def test_what_is_ended_is_gone_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ignores what can be ignored does not live on."""
    _program(
        monkeypatch,
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', file=sys.stderr); sys.stderr.close(); time.sleep(600)",
    )
    life = Life("nothing")
    life.start()
    assert life.printed == "deaf"
    process = life._process
    assert process is not None
    life.end()
    life.close()
    assert process.returncode == -signal.SIGKILL
