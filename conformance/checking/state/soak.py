"""A soak: small calls whose answers are known, asked again and again in one process.

A kernel that is wrong once in 5000 calls, or from the 2000th on, passes every check that asks a
case or two.  Here a pool of calls that it had right is asked in an order drawn from a seed, many
with one question; an answer is known by its bits, and only new bits are judged, so that a call
costs little more than the kernel itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from conformance.case import Case
from conformance.cases.catalogue.stream import Stream
from conformance.checking.scope import Call
from conformance.checking.state import alone
from conformance.checking.state.found import SOAK, UNTOLD, Dependence, Soaked, in_words
from conformance.checking.state.later import right
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.errors import AdapterError
from conformance.harness.answer import Answer, Reply
from conformance.harness.repeated import Series
from conformance.harness.series import LONGEST, bits
from conformance.verdict.record import CaseResult, Status, fails_anew, is_wrong

POOL = 24
"""How many different calls are asked."""

_SMALL = 512
"""Values of x that a call of the pool has at most, where there are such."""

_BATCH_SECONDS = 0.5
"""How long one question may take: progress is told after each."""

Bits = tuple[object, ...]


@dataclass(slots=True)
class _Wrong:
    """The wrong answers to one call of the pool."""

    result: CaseResult
    numbers: list[int] = field(default_factory=list)


def soak(
    trial: Trial,
    ran: Sequence[Tried],
    seed: str,
    seconds: float,
    *,
    start: Callable[[], Trial],
    progress: Callable[[int, int, CaseResult], None],
) -> tuple[Soaked, tuple[Dependence, ...]]:
    """Ask calls of a pool for some time.

    Args:
        trial: The kernel, in the process that answered all cases.
        ran: What it answered; those that are right make the pool.
        seed: What the order is drawn from.
        seconds: How long.
        start: Makes a trial of the same kernel in a new process.
        progress: Called with the seconds that are over, of how many, and a result whose group says
            how many calls were made.
    """
    pool = _pool(right(ran), seed)
    asking = _Soaking(trial, pool, seed)
    begun = time.monotonic()
    while pool and not asking.ended and (left := seconds - (time.monotonic() - begun)) > 0:
        asking.batch(min(left, _BATCH_SECONDS))
        told = replace(pool[0].result, group=f"soak, {asking.calls:,} calls")
        progress(int(min(time.monotonic() - begun, seconds)), int(seconds), told)
    return asking.summary(time.monotonic() - begun), asking.findings(start)


def _pool(ones: Sequence[Tried], seed: str) -> list[Tried]:
    """Small calls, of as many kinds as there are: one of each kind first, then more of them."""
    if not ones:
        return []
    order = Stream(f"{seed}/soak").order(1, len(ones))[0]
    small = [one for i in order if (one := ones[int(i)]).evidence.case.inputs.x.size <= _SMALL]
    shuffled = small or sorted(ones, key=lambda one: one.evidence.case.inputs.x.size)
    seen: set[str] = set()
    first: list[Tried] = []
    for one in shuffled:
        cell = Call.of(one.evidence.case.inputs).cell
        if cell not in seen:
            seen.add(cell)
            first.append(one)
    rest = [one for one in shuffled if all(one is not each for each in first)]
    return [*first, *rest][:POOL]


class _Soaking:
    """A soak in its course."""

    def __init__(self, trial: Trial, pool: Sequence[Tried], seed: str) -> None:
        self._trial, self._pool, self._seed = trial, pool, seed
        self._known: dict[Bits, CaseResult | None] = {}
        self._wrong: dict[int, _Wrong] = {}
        self._batches, self._size = 0, 64
        self._cases = [one.evidence.case for one in pool]
        self.calls, self.ended = 0, False

    def batch(self, seconds: float) -> None:
        """Ask one question with many calls."""
        words = Stream(f"{self._seed}/soak/{self._batches}").words(self._size)
        order = [int(word) % len(self._pool) for word in words]
        self._batches += 1
        begun = time.monotonic()
        told = self._trial.series(self._cases, order, seconds=seconds)
        if isinstance(told, Answer):
            self._lost(told, order)
            return
        self._take(told)
        took = max(time.monotonic() - begun, 1e-3)
        wanted = int(len(told.came) * _BATCH_SECONDS / took)
        self._size = max(1, min(LONGEST, wanted, 4 * self._size))

    def _lost(self, answer: Answer, order: Sequence[int]) -> None:
        """Nothing came back: the worker is gone, and with it what it carried."""
        self.ended = True
        if answer.status is Reply.NOT_RUN:  # the check was stopped
            return
        case = order[0]
        reason = f"{answer.reason}, somewhere in the {len(order):,} calls from there on"
        result = self._trial.judged(self._cases[case], replace(answer, reason=reason)).result
        self.calls += 1
        self._wrong[case] = _Wrong(result, [self.calls])

    def _take(self, told: Series) -> None:
        verdicts = [
            self._verdict(call, answer)
            for call, answer in zip(told.calls, told.answers, strict=True)
        ]
        for call, answer in told:
            self.calls += 1
            result = verdicts[answer]
            if result is not None:
                self._wrong.setdefault(call, _Wrong(result)).numbers.append(self.calls)

    def _verdict(self, call: int, answer: Answer) -> CaseResult | None:
        """What is wrong with an answer; None where nothing is."""
        key = (call, answer.status, answer.reason, *map(bits, sorted(answer.outputs.items())))
        if key not in self._known:
            got = self._trial.judged(self._cases[call], answer).result
            self._known[key] = got if _misses(got, self._pool[call].result) else None
        return self._known[key]

    def summary(self, seconds: float) -> Soaked:
        """What it came to."""
        return Soaked(
            seconds=round(seconds, 3),
            calls=self.calls,
            pool=len(self._pool),
            answers=len(self._known),
            wrong=sum(len(each.numbers) for each in self._wrong.values()),
        )

    def findings(self, start: Callable[[], Trial]) -> tuple[Dependence, ...]:
        """The first wrong call, and what came of the others."""
        if not self._wrong:
            return ()
        call = min(self._wrong, key=lambda each: self._wrong[each].numbers[0])
        numbers = sorted(n for each in self._wrong.values() for n in each.numbers)
        result, case = self._wrong[call].result, self._cases[call]
        by_itself = _alone(case, start)
        red = [name for name, output in result.outputs.items() if is_wrong(output)]
        outputs = red or [name for name, o in result.outputs.items() if o.reason]
        told = in_words(result.outputs, outputs[:1])
        sentence = (
            f"wrong in call {numbers[0]:,} of {self.calls:,} of the soak ({case.id}), "
            f"{_others(numbers, self.calls)}; "
            f"a fresh process answers it {_ADVERB[by_itself]}: {told}"
        )
        return (
            Dependence(
                kind=SOAK,
                case=case.id,
                outputs=tuple(outputs),
                wrong=True,
                alone=by_itself,
                sentence=sentence,
            ),
        )


def _alone(case: Case, start: Callable[[], Trial]) -> str:
    """What a fresh process answers; untold where the check is stopped before it can."""
    try:
        return alone.said_of(alone.answers(start, [case])[-1].result)
    except AdapterError:
        return UNTOLD


_ADVERB = {"right": "rightly", "wrong": "wrongly", "untold": "not at all"}


def _others(numbers: Sequence[int], calls: int) -> str:
    """How often it was wrong, in words."""
    if len(numbers) == 1:
        return "and in no other"
    if len(numbers) == calls - numbers[0] + 1:
        return "and in every one from there on"
    return f"and in {len(numbers) - 1:,} more, the last of them call {numbers[-1]:,}"


def _misses(got: CaseResult, before: CaseResult) -> bool:
    """Whether an answer is wrong, or lacks what came before."""
    for name, output in got.outputs.items():
        if fails_anew(output):
            return True
        was = before.outputs[name].status
        if output.status is Status.UNSUPPORTED and was is not Status.UNSUPPORTED:
            return True
    return False


def words(soaked: Soaked | None) -> str:
    """What a soak came to, in a line; empty without one."""
    if soaked is None:
        return ""
    met = f"{soaked.wrong:,} wrong" if soaked.wrong else "none wrong"
    return (
        f"soak: {soaked.calls:,} calls of {soaked.pool} kinds in {soaked.seconds:.1f} s in the "
        f"process of the check, {met}; {soaked.answers:,} different answers"
    )
