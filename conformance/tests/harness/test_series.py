"""Tests of series: many calls with one question say what single calls would, and no more."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from conformance.case import Actual, Inputs
from conformance.errors import MessageError
from conformance.harness import series, wire
from conformance.harness.answer import Answer, Reply, receive
from conformance.harness.kernels.source import Source
from conformance.harness.repeated import Series, read
from conformance.harness.session import Session
from conformance.tests.checking.state import carrying

CALLS = [
    Inputs(x=np.array([[1.0, 2.0], [3.0, 5.0]]), eps=eps, gamma=np.ones(2), beta=np.zeros(2))
    for eps in (0.5, 0.25)
]
ORDER = (0, 1, 1, 0, 1)


def answered(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Series:
    """What is read of the answer to `ORDER` after a change of its header and arrays."""
    request = series.series_of("kernel", CALLS, ORDER, seconds=9)

    def run(call: Inputs) -> tuple[dict[str, Any], Actual]:
        return {"status": "ok"}, {"y": call.x * call.eps}

    header, arrays = series.served(CALLS, request.header, run, itertools.count().__next__)
    header |= {"number": request.number, "answers": "series"}
    change(header, arrays)
    data = b"".join(bytes(piece) for piece in wire.encode(header, arrays))
    places = iter(data)

    def fill(view: memoryview) -> None:
        view[:] = bytes(itertools.islice(places, len(view)))

    return read(receive(fill, request))


def test_every_call_has_its_own_answer() -> None:
    """Equal answers travel once, and each call is told which was its own."""
    found = answered(lambda *_: None)
    assert list(found) == [(0, 0), (1, 1), (1, 1), (0, 0), (1, 1)]
    for call, answer in found:
        np.testing.assert_array_equal(
            found.answers[answer].outputs["y"], CALLS[call].x * CALLS[call].eps
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h, _: h["came"].append(0), "6 calls are answered, at most 5 were asked"),
        (lambda h, _: h["came"].__setitem__(1, 0), "call 1 of the series is answered by what is"),
        (lambda h, _: h["came"].__setitem__(1, 9), "call 1 of the series is answered by what is"),
        (lambda h, _: h["distinct"][0].update(call=7), "it answers call 7, one below 2"),
        (lambda h, _: h["distinct"][0].update(status="pass"), "status"),
        (
            lambda h, _: h["distinct"][0].update(status="unsupported"),
            "belongs to no answer that has",
        ),
        (lambda _, a: a.update({"2/y": a["0/y"]}), "an array is called '2/y', that of an answer"),
        (lambda _, a: a.update({"00/y": a["0/y"]}), "'00/y' belongs to no answer"),
        (lambda _, a: a.update({"0/verdict": a["0/y"]}), "that of an answer was wanted"),
        (lambda _, a: a.update({"y": a["0/y"]}), "that of an answer was wanted"),
        (lambda _, a: a.update({"0/dx": np.zeros(10**4)}), "axes of 0 to 1,088 values were wanted"),
        (lambda h, _: h.update(verdict="pass"), "verdict"),
        (lambda h, _: h.update(number="0" * 32), "another number than the question"),
    ],
)
def test_a_forged_series_is_no_answer(
    change: Callable[[dict[str, Any], dict[str, Any]], None], words: str
) -> None:
    """What answers other calls, more calls or other names than were asked is refused."""
    with pytest.raises(MessageError) as refused:
        answered(change)
    assert words in str(refused.value)


def test_a_series_ends_with_its_time_and_with_too_many_answers() -> None:
    """No call is begun after the time is over, and no more answers than can be sent are kept."""
    request = series.series_of("kernel", CALLS, [0] * 200, seconds=9)
    numbers = itertools.count()

    def run(call: Inputs) -> tuple[dict[str, Any], Actual]:
        return {"status": "ok"}, {"y": call.x + next(numbers)}

    told, arrays = series.served(CALLS, request.header, run, itertools.repeat(0.0).__next__)
    assert (len(told["came"]), len(arrays)) == (series.DISTINCT, series.DISTINCT)
    told, _ = series.served(CALLS, request.header, run, itertools.count().__next__)
    assert len(told["came"]) == 10


def test_a_worker_answers_a_series_as_it_answers_calls() -> None:
    """The arrays of a series are those of single calls, to the last bit."""
    source = Source(selector=f"{carrying.__file__}:kernel_honest_plan")
    calls = [Inputs(x=c.x, eps=c.eps, gamma=c.gamma, beta=c.beta, dy=c.x) for c in CALLS]
    with Session(source.encode(), case_seconds=60) as session:
        found = session.series("kernel", calls, ORDER, seconds=30)
        single = [session.call("kernel", call) for call in calls]
    assert not isinstance(found, Answer)
    assert [call for call, _ in found] == list(ORDER)
    assert {answer.status for answer in found.answers} == {Reply.OK}
    for call, answer in found:
        for name, array in single[call].outputs.items():
            assert found.answers[answer].outputs[name].tobytes() == array.tobytes()
