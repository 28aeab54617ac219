"""What a worker may answer, and what becomes of one question.

A worker is a witness: it tells what a path returned, or why it did not.  The kernel shares its
process and may write to its pipe, so every message is held to a schema, to the number of the
question and to what the question lets expect, before it is believed to be what it says it is: the
claim of this worker, and never a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import Any

from conformance import documents
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Array, Inputs
from conformance.document_kinds import KINDS
from conformance.errors import MessageError
from conformance.harness import allowance, series, wire
from conformance.harness.request import Request
from conformance.printable import value

_KIND = "worker-message"
_SOURCE = "what the worker sent"
_RULES = KINDS[_KIND]


class Reply(StrEnum):
    """What became of one question; who reads it need not trust the worker for more."""

    OK = "ok"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not-run"
    ERROR = "error"
    CRASH = "crash"
    TIMEOUT = "timeout"


REPLIES = {
    "ok": Reply.OK,
    "unsupported": Reply.UNSUPPORTED,
    "error": Reply.ERROR,
    "refused": Reply.ERROR,
    "exit": Reply.CRASH,  # it called sys.exit, and the worker caught it
}
"""What a worker may say; that a case was left out, or took too long, is not for it to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one question.

    Attributes:
        status: What became of it.
        reason: Why it is not ok, in words.
        outputs: The arrays, if it is ok.
        seconds: How long the call took, by the worker's clock.
        lacking: Outputs that the machine cannot compute, each with the reason as found.
        stderr: The end of what was printed, or a trace, if it is not ok.
        raised: Whether it is the exception of a call, and not a breach of the contract.
    """

    status: Reply
    reason: str | None = None
    outputs: dict[str, Array] = field(default_factory=dict)
    seconds: float = 0.0
    lacking: Mapping[str, str] = field(default_factory=dict)
    stderr: str | None = None
    raised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An answer that keeps the rules.

    Attributes:
        reply: What it says became of the question.
        header: Its facts, as the schema has them.
        arrays: Its arrays.
    """

    reply: Reply
    header: dict[str, Any]
    arrays: dict[str, Array]

    def answer(self) -> Answer:
        """The answer to a call."""
        told = self.header
        return Answer(
            status=self.reply,
            reason=told.get("reason"),
            outputs=self.arrays,
            seconds=float(told.get("seconds", 0.0)),
            lacking=told.get("lacking", {}),
            stderr=told.get("trace"),
            raised="trace" in told,
        )


def get_ready() -> None:
    """Do now, while a worker starts, what the first answer would wait for."""
    documents.prepare(_KIND)


def receive(fill: wire.Fill, request: Request) -> Message:
    """The next message, if it answers a question.

    Args:
        fill: Where it comes from.
        request: What was asked.

    Raises:
        EOFError: the worker is gone.
        MessageError: what came is no answer to this question; the message says what it is.
    """
    text = b""
    try:
        text, size = wire.opening(fill, header=_HEADERS[request.do], body=_room(request))
        header: dict[str, Any] = documents.parse(text, _KIND, _SOURCE)
        announced = header.pop("arrays")
        _require_asked(header, request)
        if request.do == "series" and header["status"] == "ok":
            series.require(header, request)
        _require_arrays(announced, size, header, request)
        arrays = wire.body(fill, announced)
    except MessageError as error:
        error.is_own = request.number.encode() in text
        raise
    except (ValueError, *_BY_ITS_READING) as error:
        breach = refusal(str(error) if isinstance(error, ValueError) else repr(error))
        breach.is_own = request.number.encode() in text
        raise breach from error
    return Message(reply=REPLIES[header["status"]], header=header, arrays=arrays)


def _room(request: Request) -> int:
    """How many bytes the arrays of an answer may have."""
    if request.do == "series":
        return series.room(request)
    call = request.inputs
    return 0 if call is None else allowance.nbytes(call, repeat=request.repeat)


_BY_ITS_READING = (MemoryError, RecursionError, ArithmeticError, TypeError, LookupError)
"""What a message may do to its reader although all of its parts were looked at."""


def refusal(found: str) -> MessageError:
    """What came from a worker and may not, as an error with all of its parts."""
    return MessageError(f"{_SOURCE} is no usable {_RULES.noun}: {found}. {_RULES.again}")


def _require_asked(header: Mapping[str, Any], request: Request) -> None:
    if (header["number"], header["answers"]) != (request.number, request.do):
        raise ValueError(
            "a message came that was not asked for: it carries another number than the question"
        )


_HEADERS = {
    "describe": allowance.DESCRIPTION,
    "run": allowance.HEADER,
    "reproduce": 4 * allowance.PROGRAM,  # bytes of a character
    "series": allowance.SERIES,
    "defaults": allowance.HEADER,
}


def _require_arrays(
    announced: list[Any], size: int, header: Mapping[str, Any], request: Request
) -> None:
    """Refuse arrays that the question did not ask for, before any memory is taken for them."""
    seen, total = set(), 0
    for name, dtype, shape in announced:
        call = _call_of(name, header, request)
        if name in seen:
            raise ValueError(f"an array is called {value(name)} twice, each once was wanted")
        seen.add(name)
        total += _count(name, shape, call) * wire.to_dtype(dtype).itemsize
    if total != size:
        raise ValueError(
            f"its arrays have {size:,} bytes, {total:,} were wanted for the shapes and types that "
            "it announces"
        )


def _call_of(name: object, header: Mapping[str, Any], request: Request) -> Inputs | None:
    """The call whose output an array is."""
    if request.do == "series" and header["status"] == "ok":
        return series.owner(name, header, request)
    known = {*OUTPUT_NAMES, *(wire.AGAIN + each for each in OUTPUT_NAMES if request.repeat)}
    if not isinstance(name, str) or name not in known:
        raise ValueError(
            f"an array is called {value(name)}, one of {', '.join(OUTPUT_NAMES)} was wanted, "
            "each once"
        )
    return request.inputs


def _count(name: object, shape: object, call: Inputs | None) -> int:
    """How many values an array has, if its shape is one."""
    most = 0 if call is None else allowance.elements(call)
    axes = shape if isinstance(shape, list) and len(shape) <= _AXES else [None]
    for axis in axes:
        if type(axis) is not int or not 0 <= axis <= most:
            raise ValueError(
                f"{name} has shape {value(str(shape))}, at most {_AXES} axes of 0 to {most:,} "
                "values were wanted"
            )
    count = prod(axes)
    if count > most:
        raise ValueError(f"{name} has {count:,} values, at most {most:,} were wanted")
    return count


_AXES = 32
"""How many axes an array may have in every version of numpy."""
