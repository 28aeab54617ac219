"""The worker process, from the outside; what misbehaves is in data/unruly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Case, Dialect, Memory, Outputs, Problem
from conformance.errors import AdapterError
from conformance.harness import allowance
from conformance.harness.judging import judged
from conformance.harness.session import Session
from conformance.oracle import solve
from conformance.tests.oracle.by_hand import make
from conformance.verdict.record import Status

UNRULY = str(Path(__file__).parents[1] / "data" / "unruly" / "adapter.py")


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with the misbehaving adapter and little patience."""
    with Session(UNRULY, case_seconds=3) as opened:
        yield opened


@pytest.fixture
def case() -> Case:
    """Any case."""
    inputs = make((6, 4), np.float32)
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def test_outputs_come_back_unchanged(session: Session, case: Case) -> None:
    """A path that behaves gives its arrays, bit for bit, and the seconds it took."""
    answer = session.run("good", case)
    assert answer.status == "ok"
    assert np.array_equal(answer.outputs["mean"], case.inputs.x.astype(np.float64).mean(axis=0))
    assert answer.seconds > 0


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("segfault", "crash", "SIGSEGV"),
        ("leave", "crash", "code 0"),
        ("hang", "timeout", "3 s"),
        ("throw", "error", "FloatingPointError: something went wrong"),
        ("refuse", "unsupported", "not on a Friday"),
        ("mutate", "error", "wrote to its inputs: x"),
        ("stray", "error", "not a numpy array: mean"),
        ("shout", "error", "... (1,000,012 characters)"),
        ("words", "error", "mean has type <U11: a type of numbers was wanted"),
        ("objects", "error", "mean has type object"),
        ("crowd", "error", "the outputs have 27,648 bytes, at most"),
        ("other", "error", "an output is called 'average'"),
        ("narrow", "unsupported", "no float32"),
        ("sampled", "not-run", "too slow"),
    ],
)
def test_misbehaviour_is_a_distinct_status_and_costs_one_case(
    session: Session, case: Case, path: str, status: str, reason: str
) -> None:
    """Each kind of failure is named for what it is, and the next case runs."""
    answer = session.run(path, case)
    assert answer.status == status
    assert reason in str(answer.reason)
    assert session.run("good", case).status == "ok"


def test_what_is_told_is_bounded_and_can_be_shown(session: Session, case: Case) -> None:
    """A reason and a trace have their size, and no character that drives a terminal."""
    answer = session.run("shout", case)
    assert len(answer.reason or "") <= allowance.REASON
    assert len(answer.stderr or "") <= allowance.TRACE
    assert "\\x1b[2J" in (answer.reason or "")
    assert (answer.reason or "").isprintable()
    assert session.breaches is None


def test_the_other_byte_order_is_another_type(session: Session, case: Case) -> None:
    """Arrays of the other byte order arrive as they are, and are no output of a call."""
    answer = session.run("swapped", case)
    assert answer.outputs["mean"].dtype == np.dtype(np.float64).newbyteorder()
    assert np.array_equal(answer.outputs["mean"], session.run("good", case).outputs["mean"])
    assert judged(case, Dialect(), answer)["mean"].status is Status.FAIL


@pytest.mark.parametrize(
    ("memory", "strides"),
    [
        ("contiguous", (16, 4)),
        ("strided", (64, 8)),
        ("reversed", (-16, -4)),
        ("transposed", (4, 24)),
    ],
)
def test_arrays_lie_as_the_case_says(
    session: Session, case: Case, memory: Memory, strides: tuple[int, int]
) -> None:
    """The worker lays arrays out before the path sees them."""
    inputs = replace(case.inputs, memory=memory, earlier=(case.inputs.x,))
    answer = session.run("lying", replace(case, problem=replace(case.problem, inputs=inputs)))
    assert answer.status == "ok"
    assert [tuple(answer.outputs[name]) for name in ("mean", "var")] == [strides, strides]


@pytest.mark.parametrize("memory", ["strided", "reversed", "transposed"])
def test_writing_to_an_input_is_seen_in_any_memory(
    session: Session, case: Case, memory: Memory
) -> None:
    """A path that overwrites a strided input is caught, not stopped by numpy."""
    inputs = replace(case.inputs, memory=memory)
    answer = session.run("mutate", replace(case, problem=replace(case.problem, inputs=inputs)))
    assert (answer.status, answer.reason) == ("error", "wrote to its inputs: x")


def test_values_that_cannot_lie_so_are_an_error(session: Session, case: Case) -> None:
    """A case whose arrays cannot be laid out says why, and the next case runs."""
    inputs = replace(case.inputs, memory="merged")
    answer = session.run("good", replace(case, problem=replace(case.problem, inputs=inputs)))
    assert answer.status == "error"
    assert "is not running_var" in str(answer.reason)
    assert session.run("good", case).status == "ok"


def test_crash_keeps_what_was_printed(session: Session, case: Case) -> None:
    """The end of the standard error comes with the crash."""
    assert "about to die" in str(session.run("segfault", case).stderr)


def test_exception_comes_with_its_trace(session: Session, case: Case) -> None:
    """The trace names the line that raised."""
    assert 'raise FloatingPointError("something' in str(session.run("throw", case).stderr)


def test_noise_on_the_standard_output_does_no_harm(session: Session, case: Case) -> None:
    """What a framework prints never mixes with the messages."""
    assert session.run("noise", case).status == "ok"


def test_description_names_paths_and_versions(session: Session) -> None:
    """A column is known without running a case; its framework's version comes first."""
    told = session.describe()
    assert told["name"] == "unruly"
    assert next(iter(told["versions"])) == "numpy"
    assert told["versions"]["numpy"] == np.__version__
    assert [path["name"] for path in told["paths"]][:2] == ["good", "segfault"]


def test_the_time_in_which_nobody_listens_does_not_count() -> None:
    """An answer that waits for its reader, larger than the pipe holds, is not late."""
    inputs = make((400, 300), np.float64)
    large = Case(
        problem=Problem(id="g/l", group="g", catches="-", made="-", inputs=inputs),
        expected=Outputs(),
    )
    with Session("textbook", case_seconds=2) as session:
        session.describe()
        posed = session.pose("staged", large)
        time.sleep(3)
        answer = session.answer(posed)
    assert (answer.status, answer.reason) == ("ok", None)


def test_a_hang_has_no_more_time_than_somebody_listens(session: Session, case: Case) -> None:
    """Who answers nothing is late once the limit has passed for its listener."""
    session.describe()
    posed = session.pose("hang", case)
    time.sleep(1)
    begun = time.monotonic()
    answer = session.answer(posed)
    assert (answer.status, answer.reason) == ("timeout", "no answer within 3 s")
    assert 2.5 < time.monotonic() - begun < 30


def test_one_question_is_put_at_a_time(session: Session, case: Case) -> None:
    """A second question before the first is heard is a fault of ours, and not a worker's."""
    posed = session.pose("good", case)
    with pytest.raises(RuntimeError, match="before the answer to the last one was heard"):
        session.pose("good", case)
    assert session.answer(posed).status == "ok"
    assert session.run("good", case).status == "ok"


def test_adapter_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    """A missing framework is an error that names the requirements to install."""
    (tmp_path / "adapter.py").write_text("import no_such_framework\n")
    with (
        Session(str(tmp_path / "adapter.py")) as session,
        pytest.raises(AdapterError, match=r"no_such_framework.*pip install -r"),
    ):
        session.describe()
