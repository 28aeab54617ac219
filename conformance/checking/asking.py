"""Everything that a kernel is asked in a check: public and secret cases, mixed in one queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from conformance.case import Case
from conformance.checking.fresh import Drawn, Question, more
from conformance.checking.trial import Trial, Tried
from conformance.harness.run import was_interrupted
from conformance.verdict.record import CaseResult

Secret: TypeAlias = list[tuple[Question, Tried]]


def ask(
    trial: Trial,
    cases: Sequence[Case],
    hidden: Drawn,
    *,
    tier: str,
    repeat: Callable[..., str],
    progress: Callable[[int, int, CaseResult], None],
) -> tuple[list[Tried], Secret]:
    """Run public and secret cases, mixed so that a kernel cannot tell them by their order.

    Args:
        trial: The kernel.
        cases: The public cases.
        hidden: The secret ones.
        tier: How many secret ones each class has.
        repeat: From the id of a public case, and a seed, to the command that repeats it.
        progress: Called after every case with how many are done, of how many, and its result.

    Returns:
        What came of the public cases, and of each secret question that was not cut off.
    """
    queue: list[tuple[int, Question | Case]] = [
        *zip(hidden.places, hidden.questions, strict=True),
        *enumerate(cases),
    ]
    queue.sort(key=lambda item: item[0])  # stable: a question comes before the case of its place
    by_id = {case.id: case for case in cases}
    tried: list[Tried] = []
    secret: Secret = []

    def secretly(asked: Question) -> Tried:
        again = repeat(asked.public, seed=hidden.seed)
        one = trial.run_unsolved(asked.problem, by_id[asked.public], again)
        if not _interrupted(one):
            secret.append((asked, one))
        return one

    for done, (_, asked) in enumerate(queue, start=1):
        if isinstance(asked, Question):
            one = secretly(asked)
        else:
            one = trial.run(trial.fitted(asked), repeat(asked.id))
            tried.append(one)
        progress(done, len(queue), one.result)
    if hidden.questions and not any(map(_interrupted, tried)):
        told = [(question, one.result) for question, one in secret]
        rest = more(hidden, tier, told, [one.result for one in tried])
        for done, question in enumerate(rest, start=1 + len(queue)):
            progress(done, len(queue) + len(rest), secretly(question).result)
    return tried, secret


def _interrupted(one: Tried) -> bool:
    return was_interrupted(one.result)
