"""Whether a kernel answers otherwise in a process where nothing came before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.case import Actual
from conformance.checking.trial import Trial, Tried
from conformance.verdict.record import RED

_BY_HISTORY = (
    "depends on the calls before: in a process where nothing came before it answers otherwise on"
)


def notes(tried: Sequence[Tried], start: Callable[[], Trial]) -> tuple[str, ...]:
    """What a reader must know about a kernel that does not always answer the same.

    The case that is asked again, alone, is one whose equal calls differ; else the last one that
    fails, since most calls came before it.  Starting a framework takes seconds: one is enough.

    Args:
        tried: What became of every case, in the order in which they ran.
        start: Makes a trial of the same kernel in a new process.

    Returns:
        A sentence for a kernel whose equal calls differ by chance, or by what came before.
    """
    unequal = [t for t in tried if t.again]
    failing = [t for t in tried if t.result.status in RED and t.evidence.actual]
    suspect = next(iter(unequal or reversed(failing)), None)
    if suspect is None:
        return ()
    alone = _alone(suspect, start)
    if not (suspect.again or _differ(alone, suspect.evidence.actual)):
        return ()
    if _differ(alone, _alone(suspect, start)):
        return (_by_chance(unequal),)
    return (f"{_BY_HISTORY} {suspect.result.case}",)


def _alone(tried: Tried, start: Callable[[], Trial]) -> Actual:
    with start() as trial:
        trial.describe()
        return trial.run(tried.evidence.case).evidence.actual


def _differ(one: Actual, other: Actual) -> list[str]:
    shared = one.keys() & other.keys()
    return sorted(n for n in shared if one[n].tobytes() != other[n].tobytes())


def _by_chance(unequal: Sequence[Tried]) -> str:
    names = sorted({name for t in unequal for name in t.again})
    where = f"two equal calls differ in {', '.join(names)} on {len(unequal)} cases"
    return f"not deterministic: {where if unequal else 'it differs from process to process'}"
