"""Whether inputs are fair to ask: every correct algorithm that is known meets the bound on them.

The stored cases are known to be fair.  A part of one is another problem, on which first-order
bounds may fail: a report to strangers must rest on inputs that correct code gets right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

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


def verdicts(case: Case, output: str) -> dict[str, OutputResult]:
    """The verdict on every correct algorithm that computes the output, by its id."""
    return dict(_verdicts(case, output))


def right(case: Case, output: str) -> frozenset[str]:
    """The correct algorithms that pass: all of them, but at an edge."""
    found = verdicts(case, output).items()
    return frozenset(name for name, result in found if result.status is Status.PASS)


def is_fair(case: Case, output: str, owed: Collection[str] | None = None) -> bool:
    """Whether every correct algorithm that answers passes.

    Args:
        case: What is asked.
        output: Name of the output.
        owed: Those that have to; None for all.
    """
    return all(
        result.status is Status.PASS
        for name, result in _verdicts(case, output)
        if owed is None or name in owed
    )


def _verdicts(case: Case, output: str) -> Iterator[tuple[str, OutputResult]]:
    """The verdict on every correct algorithm that computes the output, by its id."""
    ruler = Ruler(case, Dialect())
    for name, member in PANEL.items():
        if member.narrow and case.inputs.x.dtype == np.float64:
            continue
        with np.errstate(all="ignore"):
            actual = kernel(member.edits)(case.inputs)
        if output in ruler.due and output in actual:
            yield name, ruler.judge({output: actual[output]})[output]
