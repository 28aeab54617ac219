"""Messages that are nearly right: those that keep every rule count, and no others."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

from conformance.case import Dialect, Problem
from conformance.errors import MessageError
from conformance.harness import search_path, wire
from conformance.harness.answer import Reply, receive
from conformance.harness.judging import judged
from conformance.harness.request import call_of
from conformance.harness.session import Session
from conformance.oracle import solve
from conformance.tests.data import puppet
from conformance.tests.harness.messages import Sent, changed, message, truth
from conformance.tests.oracle.by_hand import make
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import judge

READ, ASKED = 1000, 150
"""How many messages are read, and how many of them from a process, a right one after each."""

SHARED = HealthCheck.function_scoped_fixture

INPUTS = make((6, 4), np.float64)
CASE = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=INPUTS))
BODY = np.asarray(CASE.expected.mean).tobytes()
HEADER: dict[str, Any] = {
    "status": "ok",
    "number": puppet.NUMBER,
    "answers": "run",
    "seconds": 0.0,
    "lacking": {},
    "arrays": [["mean", "float64", [4]]],
}


class Told:
    """A session whose worker says what it is told."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        self._file = folder / "message"
        self.session = Session("puppet", case_seconds=10)

    def run(self, sent: Sent) -> dict[str, OutputResult]:
        """The verdict on a message."""
        self._file.write_bytes((b"x" if sent.is_short else b"-") + sent.data)
        self.answer = self.session.run("say", CASE)
        return judged(CASE, Dialect(), self.answer)


def _stand_in(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Start the puppet where a worker would be started."""
    command = [sys.executable, "-I", "-S", puppet.__file__, str(folder)]
    patch.setattr(search_path, "module", lambda *_: command)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """One session for all messages: whatever one of them does, the next has to live with it."""
    folder = tmp_path_factory.mktemp("puppet")
    with pytest.MonkeyPatch.context() as patch:
        _stand_in(patch, folder)
        patch.setenv("CONFORMANCE_SHIELD", "off")  # it does not stand behind one
        made = Told(folder)
        with made.session:
            yield made


def test_who_does_not_say_what_protects_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that holds the pipe for its protections and is silent hangs nobody."""
    _stand_in(monkeypatch, tmp_path)
    made = Told(tmp_path)
    with made.session:
        verdict = made.run(Sent(message(HEADER, BODY)))
    assert verdict["mean"].status is Status.PASS


def test_the_message_that_is_changed_is_right(told: Told) -> None:
    """What the others are changed from is an answer, and the right one."""
    assert told.run(Sent(message(HEADER, BODY)))["mean"].status is Status.PASS


@seed(12)
@settings(max_examples=READ, deadline=None, database=None)
@given(sent=changed(HEADER, BODY))
def test_a_changed_message_is_what_it_says_or_refused(sent: Sent) -> None:
    """Other code reads the same facts of it; what breaks a rule is one error, never another one."""
    request = call_of("say", INPUTS)
    data = sent.data.replace(puppet.NUMBER.encode(), request.number.encode())
    expected = truth(sent)
    if expected is None:
        with pytest.raises((MessageError, EOFError)):
            receive(wire.reading(io.BytesIO(data)), request)
        return
    read = receive(wire.reading(io.BytesIO(data)), request)
    assert read.header["status"] == expected[0]
    assert {n: v.tobytes() for n, v in read.arrays.items()} == {
        n: v.tobytes() for n, v in expected[1].items()
    }


@seed(12)
@settings(max_examples=ASKED, deadline=None, database=None, suppress_health_check=[SHARED])
@given(sent=changed(HEADER, BODY))
def test_a_changed_message_costs_one_case(told: Told, sent: Sent) -> None:
    """What breaks a rule is that case's error; the next one is right as if nothing had been."""
    verdict, answer, expected = told.run(sent), told.answer, truth(sent)
    if expected is None:
        assert answer.status in {Reply.ERROR, Reply.CRASH}
        assert not answer.outputs
        assert (answer.reason or "").isprintable()
        assert len(answer.reason or "") < 2000
        assert {result.status for result in verdict.values()} <= {Status.ERROR, Status.CRASH}
    elif expected[0] == "ok":
        right = judge(CASE, Dialect(), expected[1])["mean"]
        assert verdict["mean"].status is right.status
    else:
        assert answer.status is not Reply.OK
    assert told.run(Sent(message(HEADER, BODY)))["mean"].status is Status.PASS
