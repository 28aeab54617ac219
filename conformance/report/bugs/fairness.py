"""Whether inputs are fair to ask: every correct algorithm that is known meets the bound on them.

The stored cases are known to be fair.  A part of one is another problem, on which first-order
bounds may fail: a report to strangers must rest on inputs that correct code gets right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import LIMIT, Case, Dialect, Inputs, Problem
from conformance.errors import InputError
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.oracle.solve import solve
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler


def posed(problem: Problem, inputs: Inputs) -> Case | None:
    """Other inputs as a case of the same id, solved; None where they are none.

    Sums that were exact may not be any more, so the limit is the usual one.

    Args:
        problem: What they come from.
        inputs: What to ask.
    """
    made = Problem(
        id=problem.id,
        group=problem.group,
        catches=problem.catches,
        made=f"{problem.made}; shrunk",
        inputs=inputs,
        limit=LIMIT,
        cites=problem.cites,
    )
    try:
        return solve(made)
    except InputError:
        return None


def largest_error(case: Case, output: str) -> float | None:
    """The largest error of an output among the correct algorithms, in error units.

    It is infinite where one of them gives no number, and None where none of them answers.
    """
    errors = [result.units for result in _verdicts(case, output)]
    return max((float("inf") if units is None else units for units in errors), default=None)


def is_fair(case: Case, output: str) -> bool:
    """Whether every correct algorithm that answers passes."""
    return all(result.status is Status.PASS for result in _verdicts(case, output))


def _verdicts(case: Case, output: str) -> Iterator[OutputResult]:
    """The verdict on every correct algorithm that computes the output."""
    ruler = Ruler(case, Dialect())
    for member in PANEL.values():
        if member.narrow and case.inputs.x.dtype == np.float64:
            continue
        with np.errstate(all="ignore"):
            actual = kernel(member.edits)(case.inputs)
        if output in ruler.due and output in actual:
            yield ruler.judge({output: actual[output]})[output]
