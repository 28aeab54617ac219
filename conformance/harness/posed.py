"""A question about a path between its two halves: it was put, and is still to be answered."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.harness.answer import Answer
from conformance.harness.request import Request
from conformance.harness.talk import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A question about a path, whose answer is still to be heard.

    Attributes:
        path: Name of the path.
        request: The question.
        case: Id of the case that it is; None where it is none.
        seconds: How long its answer may take beyond what a case may.
        was_new: Whether nothing was asked of that worker before.
        sent: How it was put to a worker; None where it was not.
        known: The answer, where it was not.
    """

    path: str
    request: Request
    case: str | None
    seconds: float
    was_new: bool = True
    sent: Sent | None = None
    known: Answer | None = None
