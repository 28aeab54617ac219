"""What no mistake with arguments or axes explains: by experiment once more, then as a doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.case import Dialect, Inputs
from conformance.checking.selftest.outcome import Finding
from conformance.checking.selftest.questions import described
from conformance.checking.selftest.reading import Reading, distance, explain, listed, read
from conformance.checking.selftest.suspects import Suspect
from conformance.faults import FAULTS
from conformance.faults.sheet import kernel
from conformance.harness.answer import Answer, Reply

_FRAMEWORK = "Compare with a call of the framework by hand: if it gives the same, it is its fault"
_ARGUMENTS = ("dy", "gamma", "beta", "running_mean", "running_var", "eps", "momentum", "x")
_STILL = 1e-6
"""A part of the largest value below which two answers are the same."""


def doubts(
    ask: Callable[[Inputs], Answer], reading: Reading, left: Sequence[str], dialect: Dialect
) -> Iterator[Finding]:
    """One finding for the outputs that are off and not explained, if there are any."""
    if not left:
        return
    known = explain(reading, left, _faults(reading.inputs, dialect))
    if known is not None:
        yield Finding(
            name=known.suspect.name,
            seen=f"{listed(known.outputs)} as if {known.suspect.seen} "
            f"({described(reading.inputs)})",
            look=_FRAMEWORK,
            certain=False,
        )
        return
    yield _ignored(ask, reading, left, dialect) or _unexplained(reading, left)


def _ignored(
    ask: Callable[[Inputs], Answer], reading: Reading, left: Sequence[str], dialect: Dialect
) -> Finding | None:
    """An argument to which an output does not react, although it must."""
    name = left[0]
    for argument in _ARGUMENTS:
        changed = _changed(reading.inputs, argument)
        if changed is None:
            continue
        answer = ask(changed)
        if answer.status is not Reply.OK or name not in answer.outputs:
            continue
        again = read(changed, answer.outputs, dialect)
        if name not in again.due or distance(again.due[name], reading.due[name]) <= 10 * _STILL:
            continue
        if distance(again.outputs[name], reading.outputs[name]) <= _STILL:
            return Finding(
                name=f"{argument} ignored",
                seen=f"{name} stays the same when {argument} changes ({described(reading.inputs)})",
                look=f"Look at where Inputs.{argument} is handed over",
            )
    return None


def _changed(inputs: Inputs, argument: str) -> Inputs | None:
    value: Any = getattr(inputs, argument)
    if value is None:
        return None
    if isinstance(value, float):
        changed: Any = value / 2
    else:  # halved and turned: neither a sum nor a shape of the values stays what it was
        changed = np.asarray(value[::-1] / np.asarray(2, value.dtype), dtype=value.dtype).copy()
    return replace(inputs, **{argument: changed})


def _faults(inputs: Inputs, dialect: Dialect) -> Iterator[Suspect]:
    """The known faults of frameworks, as what else could have been seen."""
    for fault in FAULTS.values():
        if not fault.exists_for(inputs) or not fault.exists_in(dialect) or fault.lots:
            continue
        if fault.refuses is not None and fault.refuses(inputs):  # and gives no answer to compare
            continue
        for way in fault.ways(inputs, dialect):
            # A copy: to write to its inputs is one of the faults.
            predicted = kernel(way, wide=True)(deepcopy(inputs))
            yield Suspect(name=fault.id, seen=fault.title, look="", predicted=predicted)


def _unexplained(reading: Reading, left: Sequence[str]) -> Finding:
    name = left[0]
    actual = np.asarray(reading.outputs[name], dtype=np.float64).ravel()
    wanted = np.asarray(reading.due[name], dtype=np.float64).ravel()
    shown, due = (", ".join(f"{v:.4g}" for v in values[:3]) for values in (actual, wanted))
    return Finding(
        name="not explained",
        seen=f"{name} begins with {shown}; {due} was due ({described(reading.inputs)})",
        look=_FRAMEWORK,
        certain=False,
    )
