"""A probe for kernels of this process, and what several tests draw."""

from __future__ import annotations

from typing import Any

from conformance.adapter import Capabilities, why_not
from conformance.batches import through_earlier
from conformance.case import Case, Dialect, Inputs, Kernel, Problem
from conformance.checking.search import Probe, Verdict, inputs, search
from conformance.errors import Unsupported
from conformance.memory import laid_out
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.oracle.solve import owed
from conformance.verdict.record import Status, is_wrong
from conformance.verdict.ruler import judge

FINE = Verdict()
SECONDS = 120.0
"""More than any test takes, so that it ends by the number of calls and is the same anywhere."""


def probe_of(
    kernel: Kernel,
    dialect: Dialect | None = None,
    capabilities: Capabilities | None = None,
    *,
    edges: bool = True,
) -> Probe:
    """A probe that runs a kernel here, on arrays that lie as the call says.

    Args:
        kernel: The kernel.
        dialect: Its conventions.
        capabilities: What it can take; all if None.
        edges: Whether what differs at an edge alone fails too, if no correct kernel does.
    """
    spoken = dialect or Dialect()

    def probe(call: Inputs) -> Verdict:
        if capabilities is not None and why_not(capabilities, call):
            return Verdict(unsupported=True)
        try:
            answer = through_earlier(kernel, laid_out(call))
        except Unsupported:
            return Verdict(unsupported=True)
        results = judge(case_of(call), spoken, answer)
        fails = (lambda r: r.status is Status.FAIL) if edges else is_wrong
        told = {n: r for n, r in results.items() if not is_of_correct_kernels(r.edges)}
        wrong = {n: r.reason for n, r in told.items() if fails(r)}
        sentence = "; ".join(f"{name} {reason}" for name, reason in wrong.items())
        return Verdict(failing=tuple(wrong), sentence=sentence)

    return probe


def case_of(call: Inputs) -> Case:
    """A drawn call as a case."""
    problem = Problem(id="drawn/once", group="drawn", catches="any", made="drawn", inputs=call)
    return Case(problem=problem, expected=owed(call))


def drawn(count: int, seed: int = 0, **options: Any) -> list[Inputs]:
    """Calls that a search draws."""
    found: list[Inputs] = []

    def keep(call: Inputs) -> Verdict:
        found.append(call)
        return FINE

    search(keep, inputs(**options), seconds=SECONDS, seed=seed, max_examples=count)
    return found
