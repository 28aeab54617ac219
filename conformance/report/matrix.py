"""The matrix as plain data: columns, rows, cells and what there is to say about single outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from conformance.cases.published import foreign
from conformance.report.standing import Standing
from conformance.verdict.record import RED, OutputResult, RunRecord, Status

View: TypeAlias = Literal["all", "kind", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixColumn:
    """One path at a version on a device.

    Attributes:
        name: ``"torch/functional"``; what was required, where nothing reported.
        version: Version of the framework; empty where nothing reported.
        device: Where it ran; empty where nothing reported.
        record: Its run record; None where a path that was required did not report.
        unused: Why its record could not be used; empty where there was none.
    """

    name: str
    version: str = ""
    device: str = ""
    record: RunRecord | None = None
    unused: str = ""

    @property
    def label(self) -> str:
        """Name, version and device: unique in a matrix."""
        if self.record is None:
            return f"{self.name} ({'could not be used' if self.unused else 'did not report'})"
        return f"{self.name} {self.version} on {self.device}"

    @property
    def why(self) -> str:
        """Why there is nothing of it, in words; empty where there is something."""
        if self.record is not None:
            return ""
        return self.unused or f"{self.name} was required and did not report"

    @property
    def adapter(self) -> str:
        """The adapter: the first part of its name."""
        return self.name.split("/", maxsplit=1)[0]

    @property
    def short_why(self) -> str:
        """The same in a few words."""
        return "" if self.record else "could not be used" if self.unused else "did not report"

    @property
    def catalogue(self) -> object:
        """The digest of the catalogue that it was held against; None where nothing reported."""
        return None if self.record is None else self.record.catalogue.get("digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """A set of cases that are looked at together.

    Attributes:
        view: ``"all"`` cases, one ``"kind"`` (mode, layout, type), or one catalogue ``"group"``.
        name: ``"train · NCHW · float32"``, the name of the group, or ``"all cases"``.
        cases: The ids of the cases that any column has here.
        mode: ``"train"`` or ``"test"``; None unless a kind, as are the next two.
        layout: Layout of the input.
        dtype: Type of the input.
    """

    view: View
    name: str
    cases: frozenset[str]
    mode: str | None = None
    layout: str | None = None
    dtype: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """All outputs of one column in one row.

    Attributes:
        counts: How many outputs have each status; no zeros.
        status: The status to show; not-run where there is no output.
        compared: How many outputs were held against an expected value.
        grade: The worst grade; None where nothing was graded.
        units: The largest error in error units among those that are finite.
        unbounded: Whether an output failed by what no figure measures: a NaN, an infinity, a
            wrong shape.
        absent: How many of the row's cases are not in the column's record.
        why: Why the status is not a pass, in words; empty where nobody said.
        reasons: What was said of the outputs of that status, and how often.
    """

    counts: Mapping[Status, int]
    status: Status
    compared: int = 0
    grade: str | None = None
    units: float | None = None
    unbounded: bool = False
    absent: int = 0
    why: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def due(self) -> int:
        """How many outputs are due."""
        return sum(self.counts.values())

    @property
    def red(self) -> int:
        """How many outputs make a run fail."""
        return sum(n for status, n in self.counts.items() if status in RED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noteworthy:
    """One output that is worth a reader's time: red, degraded, or failing as expected."""

    column: int
    case: str
    group: str
    kind: int  # index of its row among the kinds
    output: str
    result: OutputResult
    repro: str
    stderr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What every path did on every set of cases.

    Attributes:
        columns: In the order of adapter, path, version and device; those that did not report
            stand where they would have.
        total: The row of all cases.
        kinds: Rows by mode, layout and type.
        groups: Rows by group of the catalogue.
        cells: A cell for every row and column, by name of the row's view and name, and index of
            the column.
        findings: Every output that is red, degraded or failing as expected, column by column,
            in the order of the catalogue.
        standings: For each column, whether it conforms, whatever was expected of it.
        silent: What was required and did report, but compared nothing at all.
        notes: What a reader must know before comparing columns.
    """

    columns: tuple[MatrixColumn, ...]
    total: MatrixRow
    kinds: tuple[MatrixRow, ...]
    groups: tuple[MatrixRow, ...]
    cells: Mapping[tuple[View, str, int], MatrixCell]
    findings: tuple[Noteworthy, ...]
    standings: tuple[Standing, ...]
    silent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[MatrixRow, ...]:
        """All rows of all views."""
        return (self.total, *self.kinds, *self.groups)

    def cell(self, row: MatrixRow, column: int) -> MatrixCell:
        """The cell of `row` in the column of index `column`."""
        return self.cells[row.view, row.name, column]

    def totals(self) -> list[MatrixCell]:
        """For each column the cell of all its cases."""
        return [self.cell(self.total, index) for index in range(len(self.columns))]

    @property
    def missing(self) -> tuple[str, ...]:
        """What was required and did not report, by name."""
        return tuple(column.name for column in self.columns if column.record is None)

    @property
    def partial(self) -> tuple[str, ...]:
        """Columns whose run was stopped, with what stopped it."""
        return tuple(
            f"{column.label} ({column.record.partial})"
            for column in self.columns
            if column.record is not None and column.record.partial
        )

    @property
    def foreign(self) -> tuple[str, ...]:
        """Catalogues that are not the published one and that a column was held against."""
        said = {foreign(c.catalogue) for c in self.columns if c.record is not None}
        return tuple(sorted(each for each in said if each))

    @property
    def as_expected(self) -> bool:
        """Whether something was compared, nothing is red, and all that was required is there.

        That nothing surprises does not say that anything conforms: `standings` do.
        """
        totals = self.totals()
        return (
            any(cell.compared for cell in totals)
            and not any(cell.red for cell in totals)
            and not self.missing
            and not self.silent
            and not self.partial
        )
