"""False alarms: what the suite says of correct algorithms, over every case in every type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from conformance import float_types
from conformance.adapter import Path
from conformance.arrays import LIKE_X
from conformance.case import LIMIT, Array, Case, Dialect, Problem
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.harness import worker
from conformance.harness.wire import to_dtype
from conformance.memory import laid_out
from conformance.oracle import solve
from conformance.power import matrix
from conformance.power.suspects import EVERYTHING
from conformance.verdict.record import is_wrong
from conformance.verdict.ruler import Ruler

AS_IT_IS = "as it is"
"""Instead of a type: every case in its own."""

TYPES = (AS_IT_IS, *(t for t in float_types.TYPES if t not in float_types.NARROW))
"""Types of x, after a ``+`` of the parameters, that every case is put into; parameters narrower
than x are those of the cases that have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HonestTrial:
    """One honest algorithm on every case in one type.

    Attributes:
        member: The algorithm.
        types: A member of `TYPES`.
        grades: How many outputs have each grade.
        alarms: What was graded F, in words.
    """

    member: str
    types: str
    grades: Counter[str]
    alarms: tuple[str, ...]


def trials() -> list[tuple[str, str]]:
    """Every algorithm with every type that it has."""
    wide = {"float64"}
    return [
        (name, types)
        for types in TYPES
        for name, member in PANEL.items()
        if not (member.narrow and types in wide)
    ]


def examine(asked: tuple[str, str]) -> HonestTrial:
    """Hold one algorithm to every case in one type."""
    member, types = asked
    run = kernel(PANEL[member].edits)
    path = Path(name=member, about="", run=run, capabilities=EVERYTHING)
    grades: Counter[str] = Counter()
    alarms = []
    for case, ruler in _rulers(types):
        if PANEL[member].narrow and case.inputs.x.dtype == np.float64:
            continue
        header, outputs = worker.run(path, laid_out(case.inputs))
        if header["status"] != "ok":
            alarms.append(f"{member} on {case.id}, {types}: {header['reason']}")
            continue
        for name, result in ruler.judge(outputs).items():
            if result.edges:  # squares of 1e19 overflow float32: that is no wrong value
                continue
            grades[result.grade or "not returned"] += 1
            if is_wrong(result):
                alarms.append(f"{member} on {case.id}, {types}: {name} {result.reason}")
    return HonestTrial(member=member, types=types, grades=grades, alarms=tuple(alarms))


def retyped(problem: Problem, types: str) -> Problem:
    """The same problem with its values rounded to other types.

    What overflows becomes infinite, which is a case of its own; sums that were exact may not be
    any more, so the limit is the usual one.
    """
    x_type, _, given = types.partition("+")
    x, parameters = to_dtype(x_type), to_dtype(given or x_type)

    def cast(array: Array, dtype: np.dtype[Any]) -> Array:
        with np.errstate(all="ignore"):
            return array.astype(dtype)

    inputs = problem.inputs
    changed: dict[str, Any] = {
        name: cast(array, x if name in LIKE_X else parameters)
        for name, array in inputs.given().items()
    }
    changed["earlier"] = tuple(cast(batch, x) for batch in inputs.earlier)
    return replace(problem, inputs=replace(inputs, **changed), limit=LIMIT)


@cache
def _rulers(types: str) -> tuple[tuple[Case, Ruler], ...]:
    given = matrix.cases()
    if types != AS_IT_IS:
        given = tuple(solve(retyped(case.problem, types)) for case in given)
    return tuple((case, Ruler(case, Dialect())) for case in given)
