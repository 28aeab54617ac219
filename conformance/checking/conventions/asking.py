"""Asking a path within a bound of time, and putting into words why an answer shows nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.case import Array, Inputs
from conformance.checking.doctor.questions import Call
from conformance.errors import AdapterError
from conformance.harness.answer import Answer, Reply
from conformance.harness.session import Session
from conformance.printable import cut
from conformance.verdict.conventions import SENTENCE, WORDS, Convention


class Asking:
    """Asks one path until its time is over; a worker that was lost is started anew within it."""

    def __init__(self, session: Session, path: str, seconds: float) -> None:
        """Prepare; the time begins when the first call is answered: until then a worker loads.

        Args:
            session: The worker of the path.
            path: Its name.
            seconds: After which no further question is put.
        """
        self._session, self._path, self._seconds = session, path, seconds
        self._since: float | None = None

    def call(self, inputs: Inputs) -> Answer:
        """The answer to a call."""
        late = self._late()
        if late is not None:
            return late
        try:
            answer = self._session.call(self._path, inputs)
        except AdapterError as error:
            answer = Answer(status=Reply.ERROR, reason=str(error))
        if self._since is None:
            self._since = time.monotonic()
        return answer

    def defaults(self) -> Mapping[str, Any] | Answer:
        """What the adapter tells of the framework's defaults; why it does not otherwise."""
        try:
            return self._session.defaults(self._path)
        except AdapterError as error:
            return Answer(status=Reply.ERROR, reason=str(error))

    def _late(self) -> Answer | None:
        if self._since is None or (taken := time.monotonic() - self._since) <= self._seconds:
            return None
        why = f"not asked: the calls before took {taken:.1f} s, of at most {self._seconds:g} s"
        return Answer(status=Reply.NOT_RUN, reason=why)


def answered(answer: Answer, inputs: Inputs) -> Call | None:
    """The call and its outputs; None where there are none."""
    return Call(inputs=inputs, outputs=answer.outputs) if answer.status is Reply.OK else None


def without(answer: Answer) -> str:
    """Why there is no answer: a refusal in the framework's words, or what went wrong."""
    reason = answer.reason or "without a reason"
    if answer.status is Reply.NOT_RUN:
        return reason
    return f"refused: {reason}" if answer.status is Reply.UNSUPPORTED else str(answer.status)


def convention(found: str | None, seen: str = "") -> Convention:
    """A convention whose words fit into a record."""
    return Convention(
        found=cut(found or "", WORDS - _ROOM) or None, seen=cut(seen, SENTENCE - _ROOM)
    )


_ROOM = 40
"""For what `cut` says of what it left out."""


def refusal(answer: Answer) -> Convention:
    """The convention of a path that gives no answer: that it does not is one, unless untold."""
    reason = answer.reason or ""
    if answer.status is Reply.NOT_RUN:
        return convention(None, reason)
    return convention(without(answer), f"{answer.status}: {reason}")


def values(call: Call, name: str, shape: tuple[int, ...]) -> Array | None:
    """An output as float64; None where it is not returned in that shape."""
    found = call.outputs.get(name)
    if found is None or np.shape(found) != shape:
        return None
    return np.asarray(found, dtype=np.float64)
