"""A worker is a witness: whatever its process writes, no verdict but ours comes of it."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Case, Dialect, Problem
from conformance.harness.answer import Reply
from conformance.harness.judging import judged
from conformance.harness.session import Session
from conformance.oracle import solve
from conformance.tests.oracle.by_hand import make
from conformance.verdict.record import Status

FORGER = str(Path(__file__).parents[1] / "data" / "forger" / "adapter.py")
PATHS = [path.name for path in adapter.load(FORGER).paths]
FORGERIES = PATHS[PATHS.index("pass") : PATHS.index("stops_within")]
LATER = PATHS[PATHS.index("twice") :]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A session that every forger has in turn, so that each is the next one's past."""
    with Session(FORGER, case_seconds=20) as opened:
        yield opened


@pytest.fixture(scope="module")
def case() -> Case:
    """A case whose mean is asked for."""
    inputs = make((6, 4), np.float32)
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def status(session: Session, case: Case, path: str) -> Status:
    """The verdict on the mean."""
    return judged(case, Dialect(), session.run(path, case))["mean"].status


@pytest.mark.parametrize("path", FORGERIES)
def test_a_forged_answer_is_an_error_and_costs_one_case(
    session: Session, case: Case, path: str
) -> None:
    """The case is an error that says what came; the next one is right as if nothing had been."""
    answer = session.run(path, case)
    assert answer.status is Reply.ERROR
    assert "the worker sent" in (answer.reason or "")
    assert len(answer.reason or "") < 1000
    assert (answer.reason or "").isprintable()
    assert not answer.outputs
    assert status(session, case, path="good") is Status.PASS


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("stops_within", Reply.TIMEOUT, "no answer within 2 s; 21 bytes of one came"),
        ("closes", Reply.CRASH, "the worker closed its pipe"),
        ("in_a_child", Reply.CRASH, "the worker exited with code 3"),
    ],
)
def test_a_pipe_that_is_left_open_keeps_nobody_waiting(
    case: Case, path: str, reply: Reply, words: str
) -> None:
    """A message that breaks off, a closed pipe, a dead worker whose child holds it: all end."""
    begun = time.monotonic()
    with Session(FORGER, case_seconds=2) as session:
        answer = session.run(path, case)
        assert (answer.status, answer.reason) == (reply, words)
        assert status(session, case, "good") is Status.PASS
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("path", LATER)
def test_what_nobody_asked_for_is_counted_and_answers_nothing(case: Case, path: str) -> None:
    """What comes once a right answer is in costs its writer the worker, and no case its verdict."""
    with Session(FORGER, case_seconds=20) as session:
        assert status(session, case, path) is Status.PASS
        time.sleep(0.5)  # what is written later is written by then
        assert [status(session, case, "good") for _ in range(2)] == [Status.PASS] * 2
        assert (session.breaches or "").startswith("once, ")


def test_what_comes_too_late_for_the_last_question_is_counted(case: Case) -> None:
    """There need not be a next question for a forged answer to be noticed."""
    with Session(FORGER, case_seconds=20) as session:
        assert status(session, case, "good") is Status.PASS
        assert session.breaches is None
        session.run("later_garbage", case)
        time.sleep(0.5)
        assert "not asked for came between two questions" in (session.breaches or "")


def test_a_message_of_an_earlier_call_does_not_cost_the_next_case(case: Case) -> None:
    """What arrives while another case runs is not that case's doing: it is asked again, alone."""
    with Session(FORGER, case_seconds=20) as session:
        assert status(session, case, "later_pass") is Status.PASS
        assert status(session, case, "slow") is Status.PASS
        assert (session.breaches or "").startswith("once, ")


def test_the_memory_of_the_grader_stays_bounded(case: Case) -> None:
    """However much a worker writes, to its pipe or to its errors, none of it is kept here."""
    with Session(FORGER, case_seconds=20) as session:
        session.run("good", case)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in ("long_reason", "array_of_4_gb", "quiet_4_gb", "endless", "prints_without_end"):
            session.run(path, case)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 32 << 10  # kilobytes


def test_a_worker_that_does_not_read_keeps_nobody_waiting(case: Case) -> None:
    """A question that is larger than the pipe is given up in time, and the next one is asked."""
    inputs = make((4096, 32), np.float64)
    large = solve(Problem(id="g/l", group="g", catches="-", made="-", inputs=inputs))
    with Session(FORGER, case_seconds=2) as session:
        assert status(session, case, "stops_reading") is Status.PASS
        time.sleep(1)  # by then it stands still
        assert session.run("good", large).status is Reply.TIMEOUT
        assert status(session, large, "good") is Status.PASS
