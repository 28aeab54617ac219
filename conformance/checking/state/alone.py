"""Whether a kernel answers otherwise in a process where nothing came before, and after what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conformance.case import Actual, Case
from conformance.checking.state.found import CHANCE, QUEUE, RIGHT, UNTOLD, WRONG, Dependence
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.verdict.record import RED, CaseResult, is_wrong

BY_HISTORY = (
    "depends on the calls before: in a process where nothing came before it answers otherwise on"
)


def dependences(ran: Sequence[Tried], start: Callable[[], Trial]) -> tuple[Dependence, ...]:
    """What a reader must know about a kernel that does not always answer the same.

    The case that is asked again, alone, is one whose equal calls differ; else the last one that
    fails, since most calls came before it.  Starting a framework takes seconds: one is enough.

    Args:
        ran: What became of every case, in the order in which they ran.
        start: Makes a trial of the same kernel in a new process.

    Returns:
        One for a kernel whose equal calls differ by chance, or by what came before.
    """
    unequal = [t for t in ran if t.again]
    failing = [t for t in ran if t.result.status in RED and t.evidence.actual]
    suspect = next(iter(unequal or reversed(failing)), None)
    if suspect is None:
        return ()
    case = suspect.evidence.case
    alone = answers(start, [case])[-1]
    differ = differing(alone.evidence.actual, suspect.evidence.actual)
    if not (suspect.again or differ):
        return ()
    if differing(alone.evidence.actual, answers(start, [case])[-1].evidence.actual):
        return (_by_chance(unequal),)
    return (_by_history(suspect, alone, differ, ran, start),)


def _by_history(
    suspect: Tried,
    alone: Tried,
    differ: Sequence[str],
    ran: Sequence[Tried],
    start: Callable[[], Trial],
) -> Dependence:
    wrong = is_red(suspect.result) and not is_red(alone.result)
    before = _prefix(suspect, ran, start) if wrong else ()
    told = ", where it is right" if wrong else ""
    return Dependence(
        kind=QUEUE,
        case=suspect.result.case,
        outputs=tuple(differ or sorted(suspect.again)),
        wrong=wrong,
        before=before,
        alone=said_of(alone.result),
        sentence=f"{BY_HISTORY} {suspect.result.case}{told}{repeated_by(before)}",
    )


def answers(start: Callable[[], Trial], cases: Sequence[Case]) -> list[Tried]:
    """What a fresh process answers to a few calls, one after the other.

    A single call is made once, so that nothing comes before it; of several each is made twice, as
    the check makes them.
    """
    with start() as trial:
        trial.describe()
        return (
            [trial.once(case) for case in cases] if len(cases) == 1 else list(map(trial.run, cases))
        )


def differing(one: Actual, other: Actual) -> list[str]:
    """Outputs of two answers whose bits differ."""
    shared = one.keys() & other.keys()
    return sorted(n for n in shared if one[n].tobytes() != other[n].tobytes())


def is_red(result: CaseResult) -> bool:
    """Whether an output is wrong for more than an edge."""
    return any(map(is_wrong, result.outputs.values()))


def said_of(result: CaseResult) -> str:
    """What became of a call in a fresh process."""
    return WRONG if is_red(result) else RIGHT if result.outputs else UNTOLD


def repeated_by(before: Sequence[str]) -> str:
    """The words that say which calls suffice; empty where none are known."""
    return f"; {' and '.join(before)} before it is enough" if before else ""


def _prefix(suspect: Tried, ran: Sequence[Tried], start: Callable[[], Trial]) -> tuple[str, ...]:
    """The one call after which a fresh process is as wrong; none where no single one suffices."""
    if suspect.again:
        with start() as trial:
            trial.describe()
            if is_red(trial.run(suspect.evidence.case).result):
                return ("an equal call",)
    for one in _candidates(suspect, ran):
        last = answers(start, [one.evidence.case, suspect.evidence.case])[-1]
        if is_red(last.result):
            return (one.result.case,)
    return ()


def _candidates(suspect: Tried, ran: Sequence[Tried]) -> Iterator[Tried]:
    """The first call of the same shape and types, then the one just before."""
    place = next(i for i, one in enumerate(ran) if one is suspect)
    call = suspect.evidence.case.inputs
    alike = (
        one
        for one in ran[:place]
        if one.evidence.case.inputs.x.shape == call.x.shape
        and one.evidence.case.inputs.types == call.types
    )
    found = list(dict.fromkeys(map(id, [*[next(alike, suspect)], *ran[max(place - 1, 0) : place]])))
    by_id = {id(one): one for one in ran[:place]}
    yield from (by_id[each] for each in found if each in by_id)


def _by_chance(unequal: Sequence[Tried]) -> Dependence:
    names = sorted({name for t in unequal for name in t.again})
    where = f"two equal calls differ in {', '.join(names)} on {len(unequal)} cases"
    why = where if unequal else "it differs from process to process"
    return Dependence(
        kind=CHANCE,
        case=unequal[0].result.case if unequal else "",
        outputs=tuple(names),
        wrong=False,
        sentence=f"not deterministic: {why}",
    )
