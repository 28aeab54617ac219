"""A call that fails, with all that a report needs of it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.case import Case, Dialect
from conformance.harness.answer import Answer
from conformance.harness.judging import judged
from conformance.report.bugs import visible
from conformance.verdict.known.applying import FAILING
from conformance.verdict.record import OutputResult
from conformance.verdict.ruler import Ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that fails.

    Attributes:
        case: The call with its exact answers.
        answer: What came back.
        output: The output that fails.
        result: The verdict on it.
        share: How much of the output the error is (`conformance.report.bugs.visible`).
        place: Where the largest error is, which need not be the one furthest beyond its bound.
        edges: The edges that the call poses, whatever came of them.
    """

    case: Case
    answer: Answer
    output: str
    result: OutputResult
    share: float = 1.0
    place: tuple[int, ...] | None = None
    edges: tuple[str, ...] = ()


def failures(case: Case, dialect: Dialect, answer: Answer) -> dict[str, Failure]:
    """Every output of a call that fails, by name."""
    results = judged(case, dialect, answer)
    failing = {name: r for name, r in results.items() if r.status in FAILING}
    if not failing:
        return {}
    ruler = Ruler(case, dialect)
    return {
        name: Failure(
            case=case,
            answer=answer,
            output=name,
            result=result,
            share=visible.share(case, name, ruler.due[name], answer.outputs.get(name)),
            place=visible.place(ruler.due[name], answer.outputs.get(name)),
            edges=ruler.edges.posed,
        )
        for name, result in failing.items()
    }
