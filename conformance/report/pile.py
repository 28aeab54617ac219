"""Outputs that are looked at together, counted: what a cell of the matrix is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.printable import one_line
from conformance.report.matrix import MatrixCell
from conformance.verdict.record import OutputResult, Status, first, was_compared


@dataclass(slots=True)
class Pile:
    """Some outputs, counted; piles are put together without a look at their outputs again.

    Attributes:
        counts: How many have each status.
        compared: How many were held against an expected value.
        grade: The worst grade.
        units: The largest finite error.
        unbounded: Whether one failed by what no figure measures.
        reasons: What was said of those that are no plain pass, by status.
        cases: How many cases they are of.
    """

    counts: Counter[Status] = field(default_factory=Counter)
    compared: int = 0
    grade: str | None = None
    units: float | None = None
    unbounded: bool = False
    reasons: Counter[tuple[Status, str]] = field(default_factory=Counter)
    cases: int = 0

    def take(self, results: Iterable[OutputResult]) -> None:
        """Add outputs."""
        for result in results:
            status, grade, units = result.status, result.grade, result.units
            self.counts[status] += 1
            self.compared += was_compared(result)
            if grade is not None:
                self.grade = grade if self.grade is None or grade > self.grade else self.grade
                self.unbounded |= grade == "F" and units is None
            if units is not None and (self.units is None or units > self.units):
                self.units = units
            if result.reason and status is not Status.PASS:
                self.reasons[status, result.reason] += 1

    def add(self, other: Pile) -> None:
        """Add another pile."""
        for status, count in other.counts.items():
            self.counts[status] += count
        self.compared += other.compared
        if other.grade is not None and (self.grade is None or other.grade > self.grade):
            self.grade = other.grade
        if other.units is not None and (self.units is None or other.units > self.units):
            self.units = other.units
        self.unbounded |= other.unbounded
        for reason, count in other.reasons.items():
            self.reasons[reason] += count
        self.cases += other.cases

    def cell(self, absent: int = 0) -> MatrixCell:
        """The pile as a cell; `absent` cases of its row are not in the record."""
        status = first(self.counts)
        said: Counter[str] = Counter()
        for (which, reason), count in self.reasons.items():
            if which is status:
                said[one_line(reason)] += count
        return MatrixCell(
            counts={s: self.counts[s] for s in sorted(self.counts, key=lambda s: s.value)},
            status=status,
            compared=self.compared,
            grade=self.grade,
            units=self.units,
            unbounded=self.unbounded,
            absent=absent,
            why=_why(status, said, absent),
            reasons=said,
        )


def together(cells: Iterable[MatrixCell]) -> MatrixCell:
    """The cell that cells of one column make together."""
    cells = list(cells)
    counts: Counter[Status] = Counter()
    for cell in cells:
        counts.update(cell.counts)
    status, said = first(counts), Counter[str]()
    for cell in cells:
        # No cell has outputs of this status and shows another: it is the worst of them all.
        said.update(cell.reasons if cell.status is status else {})
    absent = sum(cell.absent for cell in cells)
    return MatrixCell(
        counts={s: counts[s] for s in sorted(counts, key=lambda s: s.value)},
        status=status,
        compared=sum(cell.compared for cell in cells),
        grade=max((cell.grade for cell in cells if cell.grade), default=None),
        units=max((cell.units for cell in cells if cell.units is not None), default=None),
        unbounded=any(cell.unbounded for cell in cells),
        absent=absent,
        why=_why(status, said, absent),
        reasons=said,
    )


def _why(status: Status, said: Counter[str], absent: int) -> str:
    if status is Status.NOT_RUN and not said:
        return f"none of the {absent} cases of this row is in this record" if absent else ""
    if status is Status.PASS or not said:
        return ""
    others = len(said) - 1
    more = f" (and {others} other reason{'s' if others > 1 else ''})" if others else ""
    return said.most_common(1)[0][0] + more
