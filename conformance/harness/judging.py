"""From an answer to a verdict: the one place where what a worker tells becomes a status."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from conformance.case import Array, Case, Dialect
from conformance.harness.answer import Answer, Reply
from conformance.oracle.edges import Edges
from conformance.type_names import name_of
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler, due_names, spread


def judged(case: Case, dialect: Dialect, answer: Answer) -> dict[str, OutputResult]:
    """The verdict on one answer of a worker: a result for every output that is due."""
    if answer.status is Reply.OK:
        ruler = Ruler(case, dialect)
        results = {**_unbounded(ruler), **ruler.judge(answer.outputs)}
        return {
            n: _completed(r, answer.lacking.get(n), answer.outputs.get(n))
            for n, r in results.items()
        }
    reason, due = answer.reason or answer.status.value, case.expected.items()
    edges = edges_of(case).refusable if answer.raised else ()
    return spread(_WITHOUT_OUTPUTS[answer.status], reason, due_names(due, dialect), edges=edges)


def edges_of(case: Case) -> Edges:
    """The edges that a case poses, whatever the dialect."""
    return Edges(case.inputs, case.expected)


_WITHOUT_OUTPUTS = {
    Reply.UNSUPPORTED: Status.UNSUPPORTED,
    Reply.NOT_RUN: Status.NOT_RUN,
    Reply.ERROR: Status.ERROR,
    Reply.CRASH: Status.CRASH,
    Reply.TIMEOUT: Status.TIMEOUT,
}
"""What becomes of a case without outputs; a verdict on outputs is made here and nowhere else."""


def _completed(result: OutputResult, lacking: str | None, returned: Array | None) -> OutputResult:
    """With the bits that came back, or why none did, where a probe knows it."""
    if returned is None:
        known = lacking is not None and result.status is Status.UNSUPPORTED
        return replace(result, reason=lacking) if known else result
    said = f"{name_of(returned.dtype)}{returned.shape}".encode() + returned.tobytes()
    return replace(result, bits=hashlib.sha256(said).hexdigest()[:16])


def _unbounded(ruler: Ruler) -> dict[str, OutputResult]:
    reason = "no first-order bound holds here in this dialect"
    return spread(Status.NOT_RUN, reason, ruler.unbounded)
