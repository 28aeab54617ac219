"""Cases asked once more, later in the same process, and calls of their shapes that are others.

A kernel that keeps something from call to call (a plan, a workspace, folded weights, a counter) is
asked a case that it had right, then the same shape with another eps, other parameters or other
values, then the case again.  Answers that are known are compared by their bits; only what differs
is judged, and only what is new is solved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import tee

import numpy as np

from conformance.case import Inputs, Problem
from conformance.cases.catalogue.stream import Stream
from conformance.checking.query import Query
from conformance.checking.scope import Call
from conformance.checking.state import alone
from conformance.checking.state.changed import CHANGES, LARGE, enlarged
from conformance.checking.state.found import AGAIN, CHANGED, RIGHT, WRONG, Dependence, in_words
from conformance.checking.trial import FRESH, Trial
from conformance.checking.tried import Tried
from conformance.verdict.record import COMPARED, CaseResult, Status, fails_anew, is_wrong

CASES = {"smoke": 8, "standard": 24, "large": 24}
"""How many cases of a tier are asked again."""

_ROWS = 16
"""How many of them are followed by calls of their shape."""

_SECONDS = 60.0
"""How long all of it may take; a kernel that takes seconds for a call is asked less."""

_SLOW = 2.0
_FINE = frozenset({Status.PASS, Status.DEGRADED, Status.UNSUPPORTED, Status.NOT_RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What came of it.

    Attributes:
        again: How many cases were asked again.
        changed: How many calls followed one of their shape.
        found: What depends on the calls before, or is wrong for another reason.
    """

    again: int = 0
    changed: int = 0
    found: tuple[Dependence, ...] = ()


def right(ran: Sequence[Tried]) -> list[Tried]:
    """The cases that a kernel has right, without edges and earlier batches."""
    return [one for one in ran if _is_right(one)]


def _is_right(one: Tried) -> bool:
    statuses = {output.status for output in one.result.outputs.values()}
    inputs = one.evidence.case.inputs
    plain = not (one.result.edges or inputs.earlier) and one.result.seconds < _SLOW
    return plain and bool(statuses & COMPARED) and statuses <= _FINE and inputs.count > 0


def ask(
    trial: Trial,
    ran: Sequence[Tried],
    seed: str,
    start: Callable[[], Trial],
    *,
    draws: bool,
    tier: str = "standard",
) -> Later:
    """Ask cases again, and calls of their shapes between.

    Args:
        trial: The kernel, in the process that answered before.
        ran: What it answered, in that order.
        seed: What is drawn from.
        start: Makes a trial of the same kernel in a new process.
        draws: Whether calls may be asked that are no cases.
        tier: How many cases are asked again.
    """
    until = time.monotonic() + _SECONDS
    found: list[Dependence] = []
    again = changed = 0
    last: Tried | None = None
    steps, queries = tee(
        _steps(
            trial,
            _chosen(right(ran), seed, CASES[tier]),
            draws=draws,
            go_on=lambda: time.monotonic() <= until and len(found) < _MOST,
        )
    )
    for step, got in zip(steps, trial.each(step.query for step in queries), strict=True):
        last = step.one if step.is_first or last is None else last
        if not step.change:
            again += 1
            found += _again(got, step.one, start)
            continue
        changed += 1
        if _wrong(got.result):
            found.append(_changed(got, last, step.change, start))
        if got.evidence.case.inputs.x.shape != last.evidence.case.inputs.x.shape:
            last = got
    return Later(again=again, changed=changed, found=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """A call that follows a case that was right, or the case again.

    Attributes:
        one: The case.
        query: What is asked.
        change: In which words it differs from the case; empty where it is that.
        is_first: Whether no other step came between the case and it.
    """

    one: Tried
    query: Query
    change: str = ""
    is_first: bool = False


def _steps(
    trial: Trial, chosen: Sequence[Tried], *, draws: bool, go_on: Callable[[], bool]
) -> Iterator[_Step]:
    """Calls of the shape of a case, then the case again; then the same of the next."""
    for number, one in enumerate(chosen):
        if not go_on():
            return
        first = True
        for change, problem in _changes(trial, one, number) if draws and number < _ROWS else ():
            query = trial.unsolved(problem, None)
            yield _Step(one=one, query=query, change=change, is_first=first)
            first = False
        case = one.evidence.case
        again = Query(case=case, repeat=False, everywhere=True)
        yield _Step(one=one, query=again, is_first=first)


_MOST = 2
"""Findings after which nothing more is asked: each one costs processes to look into."""


def _chosen(ones: Sequence[Tried], seed: str, most: int) -> list[Tried]:
    """Cases in an order drawn from a seed, two large ones first if there are any."""
    if not ones:
        return []
    order = Stream(f"{seed}/later").order(1, len(ones))[0]
    shuffled = [ones[int(place)] for place in order]
    size = {id(one): one.evidence.case.inputs.x.size for one in ones}
    large = [one for one in shuffled if LARGE < size[id(one)] <= _HUGE][:2]
    rest = [one for one in shuffled if size[id(one)] <= LARGE]
    return [*large, *rest][:most]


def _changes(trial: Trial, one: Tried, number: int) -> Iterator[tuple[str, Problem]]:
    """What follows a case: one kind of change by turns, then all of them at once."""
    call = one.evidence.case.inputs
    if call.memory != "contiguous" or isinstance(call.axis, tuple):
        return
    kinds = list(CHANGES)
    names = dict.fromkeys((kinds[number % (len(kinds) - 1)], kinds[-1]))
    if number == _AT:
        big = enlarged(call)
        yield "many times its batch", _problem(one, big, f"{number}large")
        yield (
            "many times its batch, and another eps",
            _problem(one, CHANGES[kinds[0]](big), f"{number}large-eps"),
        )
    for name in names:
        made = _problem(one, CHANGES[name](call), f"{number}")
        if _is_finite(made.inputs) and not (
            trial.scope and trial.scope.outside(Call.of(made.inputs))
        ):
            yield name, made


_HUGE = 1 << 15
"""Values of x above which the exact answer of a call takes seconds."""

_AT = 4
"""Which of the chosen is enlarged: after those that may be large themselves."""


def _is_finite(call: Inputs) -> bool:
    """Whether doubling left all numbers finite: an edge is no matter of order."""
    return all(np.isfinite(array.astype(np.float64)).all() for array in call.given().values())


def _problem(one: Tried, inputs: Inputs, mark: str) -> Problem:
    problem = one.evidence.case.problem
    public = problem.id.partition(FRESH)[0]
    return replace(problem, id=f"{public}{FRESH}changed-{mark}", inputs=inputs, limit=16.0)


def _changed(got: Tried, last: Tried, what: str, start: Callable[[], Trial]) -> Dependence:
    """Look into a wrong answer: ask in a fresh process, alone and after the call before."""
    case, name = got.evidence.case, last.result.case
    where = f"on a call of the shape of {name} with {what}"
    if _wrong(alone.answers(start, [case])[-1].result):
        return _finding(CHANGED, got.result, WRONG, (), f"wrong {where}, alone too")
    after = alone.answers(start, [last.evidence.case, case])[-1]
    before = (name,) if _wrong(after.result) else ()
    text = f"depends on the calls before: wrong {where}, which is right alone"
    return _finding(CHANGED, got.result, RIGHT, before, text)


def _again(got: Tried, one: Tried, start: Callable[[], Trial]) -> Iterator[Dependence]:
    """What came of a case that was asked again: what has other bits is told."""
    case = one.evidence.case
    known = [one.evidence.actual, {**one.evidence.actual, **one.again}]
    new = [alone.differing(got.evidence.actual, each) for each in known]
    if not _wrong(got.result) and not all(new):
        return
    if not _wrong(got.result):
        if not one.again:
            yield _otherwise(got, new[0])
        return
    by_itself = alone.answers(start, [case])[-1]
    text = f"depends on the calls before: {case.id} was right, and is wrong when asked again"
    yield _finding(AGAIN, got.result, alone.said_of(by_itself.result), (), text)


def _otherwise(got: Tried, outputs: Sequence[str]) -> Dependence:
    name = got.result.case
    return Dependence(
        kind=AGAIN,
        case=name,
        outputs=tuple(outputs),
        wrong=False,
        sentence=(
            f"answers with other bits, as right as before, when {name} is asked again: "
            f"{', '.join(outputs)}"
        ),
    )


def _wrong(result: CaseResult) -> bool:
    return any(map(fails_anew, result.outputs.values()))


def _finding(
    kind: str, result: CaseResult, by_itself: str, before: tuple[str, ...], text: str
) -> Dependence:
    red = {name: output for name, output in result.outputs.items() if is_wrong(output)}
    return Dependence(
        kind=kind,
        case=result.case,
        outputs=tuple(red),
        wrong=True,
        before=before,
        alone=by_itself,
        sentence=f"{text}{alone.repeated_by(before)}: {in_words(result.outputs, [*red])}",
    )
