"""What a run that was ended early did not come to."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.harness.halt import INTERRUPTED, Halt
from conformance.verdict.record import CaseResult, Status


def cut_short(halt: Halt, results: Sequence[CaseResult], beside: int = 0) -> str | None:
    """How a run was cut short, in words; None where every case was run.

    Args:
        halt: What ended it.
        results: What came of the cases.
        beside: How many more it did not come to, of which nothing is told.
    """
    left = sum(map(was_interrupted, results))
    if not halt.why or not left + beside:
        return None
    return f"{halt.why} after {len(results) - left} of {len(results) + beside} cases"


def was_interrupted(result: CaseResult) -> bool:
    """Whether a stopped run did not come to a case; a kernel's own words do not make it so."""
    return any(
        r.status is Status.NOT_RUN and r.reason == INTERRUPTED for r in result.outputs.values()
    )
