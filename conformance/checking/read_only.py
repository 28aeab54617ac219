"""The edge of inputs that cannot be written to: one call of a kernel over numpy arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.checking.levels import DIFFERS, KEPT, EdgeFound
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.oracle.edges import READ_ONLY
from conformance.printable import one_line
from conformance.verdict.record import Status


def found(trial: Trial, tried: Sequence[Tried]) -> Iterable[EdgeFound]:
    """What becomes of a call that is right, once more with arrays that cannot be written to.

    Nothing where the kernel takes no numpy arrays (others copy them, or know no such thing), or is
    right nowhere.
    """
    if trial.facts.get("arrays") != "numpy":
        return ()
    right = (t for t in tried if t.evidence.actual and _is_right(t) and not t.result.edges)
    first = next(right, None)
    if first is None:
        return ()
    again = trial.run(first.evidence.case, read_only=True)
    if _is_right(again):
        return (EdgeFound(name=READ_ONLY, state=KEPT, cases=1),)
    name, off = first.result.case, again.result.outputs.values()
    why = one_line(next(r.reason or r.status.value for r in off if r.status is not Status.PASS))
    return (
        EdgeFound(name=READ_ONLY, state=DIFFERS, cases=1, differ=(name,), why=f"{name}: {why}"),
    )


def _is_right(tried: Tried) -> bool:
    statuses = {result.status for result in tried.result.outputs.values()}
    return Status.PASS in statuses and statuses <= {Status.PASS, Status.UNSUPPORTED}
