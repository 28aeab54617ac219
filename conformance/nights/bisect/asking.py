"""One release asked: what a case gives in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from conformance.errors import AdapterError
from conformance.nights.bisect.search import Asked, Finding
from conformance.nights.diff.attribution import Outcomes, Pair, Reran, Rerun
from conformance.printable import cut, one_line
from conformance.verdict.record import RED, Status

_RIGHT = frozenset({Status.PASS, Status.DEGRADED, Status.UNEXPECTED_PASS})
_WRONG = (RED | {Status.EXPECTED_FAIL}) - _RIGHT
_TOLD = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What every release is asked.

    Attributes:
        adapter: The adapter.
        path: Its path.
        case: The id of a case.
        outputs: The outputs that are looked at; all if there are none.
        package: The distribution whose releases are asked.
        pinned: Other distributions, each with the version that stays.
        leads: Whether the package is the first that the adapter requires, whose versions its
            expectations speak of.
    """

    adapter: str
    path: str
    case: str
    outputs: tuple[str, ...]
    package: str
    pinned: Mapping[str, str]
    leads: bool


def asker(question: Question, rerun: Rerun) -> Callable[[str], Asked]:
    """What asks one release; what cannot be had or run is an answer of its own."""

    def ask(version: str) -> Asked:
        packages = {question.package: version, **question.pinned}
        try:
            outcomes = rerun(
                Pair(commit="", packages=packages), question.adapter, question.path, [question.case]
            )
        except AdapterError as error:
            said = cut(one_line(str(error)), _TOLD)
            return Asked(version=version, finding=Finding.NOTHING, told=said)
        return answered(version, outcomes, question)

    return ask


def answered(version: str, outcomes: Outcomes, question: Question) -> Asked:
    """What the outcomes of a release say."""
    seen = dict(_seen(outcomes, question.case, question.outputs))
    statuses = {Status(one.outcome.status) for one in seen.values()}
    if statuses & _WRONG:
        finding, statuses = Finding.WRONG, statuses & _WRONG
    elif statuses & _RIGHT:
        finding, statuses = Finding.RIGHT, statuses & _RIGHT
    else:
        finding = Finding.NOTHING
    return Asked(version=version, finding=finding, told=cut(_told(seen, statuses), _TOLD))


def _seen(outcomes: Outcomes, case: str, outputs: tuple[str, ...]) -> Iterator[tuple[str, Reran]]:
    for (of, name), one in outcomes.items():
        if of == case and (not outputs or name in outputs):
            yield name, one


def _told(seen: Mapping[str, Reran], shown: Collection[Status]) -> str:
    """Outputs with their outcome, and why the first of them has it."""
    those = {n: one.outcome for n, one in seen.items() if Status(one.outcome.status) in shown}
    if not those:
        return "none of its outputs came back"
    words = ", ".join(
        f"{name} {o.status}" + (f" {o.units:.3g} units" if o.units is not None else "")
        for name, o in those.items()
    )
    reason = next((o.reason for o in those.values() if o.reason), None)
    return one_line(f"{words}: {reason}" if reason else words)
