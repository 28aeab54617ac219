"""Many calls in one message: which calls, in which order, and what came of each.

An answer holds everything that each call returned, as a run of single calls would: arrays that are
the same to the last bit are sent once, and each call says which of them were its own.  So a series
says no more and no less than single calls, and is held to the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Array, Inputs
from conformance.harness import allowance, wire
from conformance.harness.request import Request
from conformance.printable import value

DISTINCT = 64
"""How many different answers a series may have; it ends with the one that would be more."""

_REASON = 1000
"""Characters of the reason of one answer."""

LONGEST = 4096
"""How many calls a series may have."""


def series_of(
    path: str,
    calls: Sequence[Inputs],
    order: Sequence[int],
    *,
    seconds: float,
    steps: Sequence[str] = (),
) -> Request:
    """To make calls in an order, for some seconds at most.

    Args:
        path: Name of the path.
        calls: The different calls.
        order: Which of them comes when.
        seconds: After which no further call is begun.
        steps: For each call how it is made on the one instance that all of them share; none
            where each is a call by itself.
    """
    packed = [wire.pack(call) for call in calls]
    arrays = {f"{i}/{n}": a for i, (_, some) in enumerate(packed) for n, a in some.items()}
    header = {"path": path, "calls": [facts for facts, _ in packed], "steps": list(steps)}
    return Request(
        do="series",
        header={**header, "order": list(order), "seconds": seconds},
        arrays=arrays,
        calls=tuple(calls),
        order=tuple(order),
    )


def unpack(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[Inputs]:
    """The calls of a request, on the worker's side."""
    found = []
    for i, facts in enumerate(header["calls"]):
        own = {n.removeprefix(f"{i}/"): a for n, a in arrays.items() if n.startswith(f"{i}/")}
        found.append(wire.unpack(facts, own))
    return found


def served(
    calls: Sequence[Inputs],
    header: Mapping[str, Any],
    run: Callable[[Inputs], tuple[dict[str, Any], Actual]],
    clock: Callable[[], float],
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Make the calls of a request, and tell what came of each.

    Args:
        calls: The calls, as they lie in memory.
        header: The request.
        run: Makes one.
        clock: Tells the time.
    """
    until = clock() + header["seconds"]
    known: dict[object, int] = {}
    came: list[int] = []
    told: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for place in header["order"]:
        said, outputs = run(calls[place])
        key = (place, said["status"], said.get("reason"), *map(bits, sorted(outputs.items())))
        if key not in known:
            if len(told) == DISTINCT:
                break
            known[key] = len(told)
            arrays |= {f"{len(told)}/{name}": a.copy() for name, a in outputs.items()}
            reason = said.get("reason", "")[:_REASON]
            told.append({"call": place, "status": said["status"], "reason": reason})
        came.append(known[key])
        if clock() > until:
            break
    return {"status": "ok", "distinct": told, "came": came}, arrays


def bits(named: tuple[str, Array]) -> tuple[object, ...]:
    """What tells one output of an answer from another: its name, type, shape and bytes."""
    name, array = named
    return name, array.dtype, array.shape, array.tobytes()


def room(request: Request) -> int:
    """How many bytes all arrays of an answer may have."""
    return DISTINCT * max(allowance.nbytes(call, repeat=False) for call in request.calls)


def require(header: Mapping[str, Any], request: Request) -> None:
    """Hold an answer against its question.

    Raises:
        ValueError: a call is told that was not to be made, or an answer that is none of them.
    """
    asked = [told["call"] for told in header["distinct"]]
    for call in asked:
        if call >= len(request.calls):
            raise ValueError(f"it answers call {call}, one below {len(request.calls)} was wanted")
    if len(header["came"]) > len(request.order):
        raise ValueError(
            f"{len(header['came']):,} calls are answered, at most {len(request.order):,} were asked"
        )
    for place, (came, wanted) in enumerate(zip(header["came"], request.order, strict=False)):
        if came >= len(asked) or asked[came] != wanted:
            raise ValueError(f"call {place} of the series is answered by what is no answer to it")


def owner(name: object, header: Mapping[str, Any], request: Request) -> Inputs:
    """The call to whose answer an array belongs.

    Raises:
        ValueError: to none.
    """
    number, slash, output = name.partition("/") if isinstance(name, str) else ("", "", "")
    is_number = number.isascii() and number.isdecimal() and len(number) < _DIGITS
    if not (
        slash and is_number and output in OUTPUT_NAMES and int(number) < len(header["distinct"])
    ):
        raise ValueError(f"an array is called {value(name)}, that of an answer was wanted")
    told = header["distinct"][int(number)]
    if told["status"] != "ok" or str(int(number)) != number:
        raise ValueError(f"{value(name)} belongs to no answer that has arrays")
    call: Inputs = request.calls[told["call"]]
    return call


_DIGITS = 4
