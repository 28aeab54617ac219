"""Everything that a kernel is asked in a check: public and secret cases, mixed in one queue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.case import Case, Problem
from conformance.cases import golden, large
from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.stream import Stream
from conformance.checking import fresh, smoke, within
from conformance.checking.compared import total
from conformance.checking.fresh import Drawn, Question
from conformance.checking.query import Query
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.harness.answer import Answer, Reply
from conformance.harness.interrupted import was_interrupted
from conformance.oracle.solve import owed
from conformance.verdict.record import CaseResult, is_wrong

Secret: TypeAlias = list[tuple[Question, Tried]]

_TURNS = 3
"""How often cases are drawn anew where a kernel refuses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be asked.

    Attributes:
        cases: The public cases.
        hidden: The secret ones.
        tier: How many secret ones each class has.
        among: Ids of the cases that may be asked beside, where a smoke case is refused.
        draws: Whether cases are drawn inside the scope where few lie in it.
        derives: Whether calls may be derived from the cases, to follow them.
        dtype: The only type of x that is asked for, or None.
        repeat: From the id of a public case, and a seed, to the command that repeats it.
        again: From a seed to the command that repeats all.
        large: Rows of the large tier, which come last.
        memory_gib: What the kernel may take of memory; 0 for all that there is.
        seconds: How long one case may take.
        progress: Called after every case with how many are done, of how many, and its result.
    """

    cases: Sequence[Case]
    hidden: Drawn
    tier: str
    among: Sequence[str]
    draws: bool
    derives: bool
    dtype: str | None
    repeat: Callable[..., str]
    again: Callable[[str], str]
    progress: Callable[[int, int, CaseResult], None]
    large: Sequence[CaseRow] = ()
    memory_gib: float = 0.0
    seconds: float = math.inf


@dataclass(slots=True)
class Asked:
    """What came of it.

    Attributes:
        tried: The public cases.
        secret: Each secret question that was not cut off.
        drawn: Those that were drawn inside the scope.
        ran: All of them but the large ones, in the order in which they were asked.
        left: How many large ones were not asked.
    """

    tried: list[Tried] = field(default_factory=list)
    secret: Secret = field(default_factory=list)
    drawn: list[Tried] = field(default_factory=list)
    ran: list[Tried] = field(default_factory=list)
    left: int = 0

    @property
    def stopped(self) -> bool:
        """Whether the check was cut short."""
        return any(was_interrupted(one.result) for one in [*self.tried, *self.drawn])

    @property
    def results(self) -> list[CaseResult]:
        """The results of the public cases."""
        return [one.result for one in self.tried]

    @property
    def compared(self) -> int:
        """How many cases were compared, of all kinds."""
        told = [*self.results, *(t.result for _, t in self.secret), *(t.result for t in self.drawn)]
        return total(told)


def ask(trial: Trial, plan: Plan) -> Asked:
    """Run public and secret cases, in an order that a secret seed decides.

    So a kernel cannot tell them by it, and one that carries something from call to call meets
    another order at every check.  Without a seed they come as they are listed.
    """
    return _Asking(trial, plan).everything()


class _Asking:
    """One check in its course."""

    def __init__(self, trial: Trial, plan: Plan) -> None:
        self._trial, self._plan = trial, plan
        self._found = Asked(left=len(plan.large))
        self._by_id = {case.id: case for case in plan.cases}
        self._done = 0
        self._of = len(plan.cases) + len(plan.hidden.questions) + len(plan.large)

    def everything(self) -> Asked:
        """Ask all of it, in turns that depend on what was answered before."""
        found, plan = self._found, self._plan
        queue: list[tuple[int, Question | Case]] = [
            *zip(plan.hidden.places, plan.hidden.questions, strict=True),
            *enumerate(_shuffled(plan.cases, plan.hidden.seed)),
        ]
        queue.sort(key=lambda item: item[0])  # stable: questions before the case of their place
        self._all([asked for _, asked in queue])
        turns = (
            self._in_place_of_refused,
            self._more_fresh,
            self._inside,
            self._siblings,
            self._large,
        )
        for turn in turns:
            if not found.stopped:
                turn()
        return found

    def _all(self, queue: Sequence[Question | Case]) -> None:
        """Ask public and secret cases, and keep what came of them."""
        verdicts = self._trial.each(map(self._query, queue))
        for asked, one in zip(queue, verdicts, strict=True):
            if not isinstance(asked, Question):
                self._found.tried.append(one)
            elif not was_interrupted(one.result):
                self._found.secret.append((asked, one))
            self._told(one)

    def _query(self, asked: Question | Case) -> Query:
        if isinstance(asked, Case):
            return Query(case=self._trial.fitted(asked), repro=self._plan.repeat(asked.id))
        again = self._plan.repeat(asked.public, seed=self._plan.hidden.seed)
        return self._trial.unsolved(asked.problem, self._by_id[asked.public], again)

    def _told(self, one: Tried) -> None:
        self._found.ran.append(one)
        self._count(one)

    def _count(self, one: Tried) -> None:
        self._done += 1
        self._of = max(self._of, self._done)
        self._plan.progress(self._done, self._of, one.result)

    def _in_place_of_refused(self) -> None:
        """Stored cases for those of a smoke tier that the kernel refused in part."""
        scope = self._trial.scope
        while self._plan.tier == "smoke" and self._plan.among and scope and not self._found.stopped:
            run = [case.id for case in self._by_id.values()]
            said = {one.result.case: smoke.statuses(one.result) for one in self._found.tried}
            rest = smoke.more(self._plan.among, scope, [said[name] for name in run], run)
            if not rest:
                return
            cases = list(golden.load(rest))
            self._by_id |= {case.id: case for case in cases}
            self._of += len(cases)
            self._all(cases)

    def _more_fresh(self) -> None:
        """Fresh cases for classes whose own were refused."""
        if self._plan.hidden.questions:
            told = [(question, one.result) for question, one in self._found.secret]
            rest = fresh.more(self._plan.hidden, self._plan.tier, told, self._found.results)
            self._of += len(rest)
            self._all(rest)

    def _inside(self) -> None:
        """Cases drawn inside the scope, where few were compared."""
        scope, plan = self._trial.scope, self._plan
        for turn in range(_TURNS):
            lacking = within.ENOUGH - self._found.compared
            if not (plan.draws and scope) or lacking <= 0 or self._found.stopped:
                return
            drawn = within.drawn(
                scope,
                plan.hidden.seed,
                dtype=plan.dtype,
                count=lacking,
                first=turn * _FAR,
            )
            if not drawn:
                return
            self._of += len(drawn)
            self._draw(drawn)

    def _draw(self, problems: Iterable[Problem]) -> None:
        again = self._plan.again(self._plan.hidden.seed)
        for one in self._trial.each(self._trial.unsolved(p, None, again) for p in problems):
            if not was_interrupted(one.result):
                self._found.drawn.append(one)
            self._told(one)

    def _siblings(self) -> None:
        """More fresh cases of the few public ones that a kernel takes."""
        for turn in range(within.ENOUGH):
            lacking = within.ENOUGH - self._found.compared
            if not self._plan.draws or lacking <= 0 or self._found.stopped:
                return
            rest = fresh.siblings(self._plan.hidden, self._found.results, number=turn, most=lacking)
            if not rest:
                return
            self._of += len(rest)
            self._all(rest)

    def _large(self) -> None:
        """Large cases, one at a time: each is made, asked, solved, judged and forgotten."""
        for row in self._plan.large:
            one = self._of_row(row)
            kept = one.without_arrays if _is_told(one) else one
            self._found.tried.append(kept)
            self._count(kept)
            self._found.left -= 1
            if was_interrupted(one.result):  # making and solving the others takes minutes
                return

    def _of_row(self, row: CaseRow) -> Tried:
        """What became of one large call; where this machine cannot make it, of none."""
        why = large.lacking(row, gib=self._plan.memory_gib, seconds=self._plan.seconds)
        if why is not None:
            twin = large.twin(row)
            left = Answer(status=Reply.NOT_RUN, reason=why)
            return self._trial.judged(Case(problem=twin, expected=owed(twin.inputs)), left)
        problem = large.made(row)
        return self._trial.tried(self._trial.unsolved(problem, None, self._plan.repeat(problem.id)))


def _is_told(one: Tried) -> bool:
    """Whether nothing of a large case helps a diagnosis: it is right, or too large to explain."""
    size = one.evidence.case.inputs.x.size
    return size > large.EXPLAINED or not any(map(is_wrong, one.result.outputs.values()))


def _shuffled(cases: Sequence[Case], seed: str) -> Sequence[Case]:
    """The cases in an order drawn from a seed; as they are without one."""
    if not (seed and cases):
        return cases
    return [cases[int(place)] for place in Stream(f"{seed}/order").order(1, len(cases))[0]]


_FAR = 1000
"""Numbers of drawn cases that one turn has to itself."""
