"""A battery of calls, asked and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Case, Dialect, Inputs, Problem
from conformance.errors import Unsupported
from conformance.oracle.solve import solve
from conformance.quality.battery import CALLS, LEAST, Frame, calls
from conformance.quality.bias import DIRECTIONS, Bias, find, leaning, marks
from conformance.quality.headroom import Lost, lost, reference
from conformance.quality.roundings import excess
from conformance.verdict.ruler import Ruler

Ask: TypeAlias = Callable[[Inputs], Actual]
"""Runs the kernel; raises `Unsupported` where it cannot take the call."""

_ONCE = 16.0
_HALF = 2  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What the calls of one combination of types say.

    Attributes:
        types: As `conformance.case.Inputs.types` says them.
        calls: How many were answered.
        bits: Bits lost by each output that came back in all of them.
        biased: Outputs whose errors lean to one side.
        rounded_again: Half-precision outputs that were not rounded once.
    """

    types: str
    calls: int
    bits: tuple[Lost, ...] = ()
    biased: tuple[Bias, ...] = ()
    rounded_again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What is told of a kernel beside its grades.

    Attributes:
        batteries: One for each combination of types.
        tests: How many tests of bias were made together.
    """

    batteries: tuple[Battery, ...] = ()
    tests: int = 0


@dataclass(slots=True)
class _Seen:
    """Of one output, call by call."""

    leaning: list[tuple[float, ...]] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)
    by_reference: list[float] = field(default_factory=list)
    excess: float = 0.0


@dataclass(frozen=True, slots=True)
class _Asking:
    """How calls are asked; as the arguments of `measure`."""

    ask: Ask
    dialect: Dialect
    fitted: Callable[[Case], Case]
    leave_out: frozenset[str]
    go_on: Callable[[], bool]


def measure(
    ask: Ask,
    frames: Sequence[Frame],
    seed: str,
    dialect: Dialect,
    *,
    fitted: Callable[[Case], Case] = lambda case: case,
    leave_out: frozenset[str] = frozenset(),
    go_on: Callable[[], bool] = lambda: True,
) -> Quality:
    """Ask every battery.

    Args:
        ask: The kernel.
        frames: One for each combination of types.
        seed: Secret before they are asked.
        dialect: The kernel's conventions.
        fitted: Makes of a case what the kernel can be asked, with the eps that it has.
        leave_out: Outputs that the calls are not independent for.
        go_on: Whether there is time for another call.

    Raises:
        AdapterError: the kernel crashed, hung or broke the contract.
    """
    asking = _Asking(ask, dialect, fitted, leave_out, go_on)
    seen = {frame.types: _asked(asking, frame, seed) for frame in frames}
    told = {types: found for types, found in seen.items() if found[0] >= LEAST}
    tests = len(DIRECTIONS) * sum(len(outputs) for _, outputs in told.values())
    return Quality(
        batteries=tuple(_told(types, *found, tests) for types, found in told.items()), tests=tests
    )


def _asked(asking: _Asking, frame: Frame, seed: str) -> tuple[int, dict[str, _Seen]]:
    """How many calls were answered, and what each output had in all of these."""
    best = reference(frame.types)
    outputs: dict[str, _Seen] = {}
    answered = 0
    for done, inputs in enumerate(calls(frame, seed)):
        if not asking.go_on() or done - answered > CALLS - LEAST:
            break  # there is no time, or it takes too few of them
        case = asking.fitted(_case(inputs))
        try:
            actual = asking.ask(case.inputs)
        except Unsupported:
            continue
        answered += 1
        ruler = Ruler(case, asking.dialect)
        answers = actual, best(case.inputs)
        for name in ruler.due.keys() - asking.leave_out:
            if name in actual and ruler.misfit(name, actual[name]) is None:
                _see(outputs.setdefault(name, _Seen()), ruler, case, answers, name)
    whole = (n for n in OUTPUT_NAMES if n in outputs and len(outputs[n].squares) == answered)
    return answered, {name: outputs[name] for name in whole}


def _case(inputs: Inputs) -> Case:
    return solve(
        Problem(id="quality/call", group="quality", catches="-", made="drawn", inputs=inputs)
    )


def _see(seen: _Seen, ruler: Ruler, case: Case, answers: tuple[Actual, Actual], name: str) -> None:
    """Add what an answer, and the reference's, say of one output."""
    actual, exact = answers[0][name], ruler.due[name]
    unit = ruler.unit(name, actual.dtype)
    error = (actual.astype(np.float64) - exact) / unit
    if not np.isfinite(error).all():
        return  # a failure, which the cases show
    seen.leaning.append(leaning(error, marks(name, exact, case.inputs)))
    seen.squares.append(float((error**2).mean()))
    # The reference rounds to the type that came back.
    other = answers[1][name].astype(actual.dtype).astype(np.float64)
    seen.by_reference.append(float((((other - exact) / unit) ** 2).mean()))
    if actual.dtype.itemsize == _HALF:
        found = excess(case.inputs, actual, exact, ruler.scale(name))
        seen.excess = max(seen.excess, found)


def _told(types: str, answered: int, outputs: dict[str, _Seen], tests: int) -> Battery:
    return Battery(
        types=types,
        calls=answered,
        bits=tuple(
            lost(name, types, np.array(seen.squares), np.array(seen.by_reference))
            for name, seen in outputs.items()
        ),
        biased=tuple(_biased(outputs, tests)),
        rounded_again=tuple(name for name, seen in outputs.items() if seen.excess > _ONCE),
    )


def _biased(outputs: dict[str, _Seen], tests: int) -> Iterator[Bias]:
    for name, seen in outputs.items():
        found = find(name, np.array(seen.leaning), tests)
        if found is not None:
            yield found
