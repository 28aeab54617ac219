"""What a path is, whatever was expected of it: its values, its edges, and what is known against it.

"Nothing red" says that nothing surprised; whether a path conforms is another fact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.verdict.posing import posing
from conformance.verdict.record import (
    COUNTED_APART,
    CaseResult,
    OutputResult,
    RunRecord,
    Status,
    is_wrong,
    was_compared,
)

CONFORMS, DEGRADED, KNOWN, FAILS, NOTHING = "conforms", "degraded", "known", "fails", "nothing"
"""What is true of the values of a path; known: wrong ones, and every one was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one path is.

    Attributes:
        values: ``"conforms"`` (A and B alone), ``"degraded"`` (C), ``"known"`` (wrong values, all
            of them known), ``"fails"`` (wrong ones that nobody expected) or ``"nothing"`` (nothing
            compared, stopped early, or did not report).
        grade: The worst grade of its values, what is known counted as F; None without any.
        compared: How many outputs were compared.
        due: How many are due: the rest is out of its scope, or was not run.
        wrong: How many outputs have wrong values.
        causes: How many outputs are known to fail for each cause, edges among them.
        edges: Edges that were tried, and whether each is kept.
    """

    values: str
    grade: str | None = None
    compared: int = 0
    due: int = 0
    wrong: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    edges: Mapping[str, bool] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """How many of the edges are kept."""
        return sum(self.edges.values())

    @property
    def conforms(self) -> bool:
        """Whether all values are right, to grade B."""
        return self.values == CONFORMS

    @property
    def is_strict(self) -> bool:
        """Whether it conforms and keeps every edge that was tried, one at least."""
        return self.conforms and 0 < len(self.edges) == self.kept


def of(record: RunRecord | None) -> Standing:
    """What the path of a record is; nothing is known of one that did not report."""
    if record is None:
        return Standing(values=NOTHING)
    results = [r for case in record.cases for r in case.outputs.values()]
    passed = [r for r in results if r.status is Status.PASS]
    others = [r for r in results if r.status not in _PLAIN]
    wrong = [r for r in others if _has_wrong_values(r)]
    compared = len(passed) + sum(map(was_compared, others))
    grade = max((r.grade or "A" for r in passed), default=None)
    if any(r.grade == "C" and not r.edges for r in others):
        grade = "C"
    return Standing(
        values=_values(record, wrong, grade, compared),
        grade="F" if wrong else grade,
        compared=compared,
        due=len(results),
        wrong=len(wrong),
        causes=_causes(others),
        edges=dict(_edges(record.cases)),
    )


_PLAIN = frozenset({Status.PASS, Status.UNSUPPORTED, Status.NOT_RUN})
"""Statuses of most outputs, of which there is nothing more to tell."""


def _values(
    record: RunRecord, wrong: Iterable[OutputResult], grade: str | None, compared: int
) -> str:
    told = list(wrong)
    if any(map(is_wrong, told)):
        return FAILS
    if record.partial or not (compared or told):
        return NOTHING
    if told:
        return KNOWN
    return DEGRADED if grade == "C" else CONFORMS


def _causes(results: Iterable[OutputResult]) -> dict[str, int]:
    counts = Counter(c for r in results if r.status in COUNTED_APART for c in r.known)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _has_wrong_values(result: OutputResult) -> bool:
    """Whether values are wrong, known or not; a flaky output counts as it came out."""
    if result.edges or result.status is Status.UNEXPECTED_PASS:
        return False
    if result.status is Status.FLAKY:
        return result.grade not in ("A", "B", "C")
    return result.status is Status.EXPECTED_FAIL or is_wrong(result)


def _edges(cases: Iterable[CaseResult]) -> Iterator[tuple[str, bool]]:
    """Edges at which something was told, and whether none of it differs."""
    for edge, some in posing(cases).items():
        if any(edge in result.edges for case in some for result in case.outputs.values()):
            yield edge, False
        elif any(map(_is_right, some)):
            yield edge, True


def _is_right(case: CaseResult) -> bool:
    """Whether something of a case was graded, and no value in it is wrong."""
    results = case.outputs.values()
    return any(r.grade for r in results) and not any(map(_has_wrong_values, results))
