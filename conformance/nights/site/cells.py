"""The newest results, counted: a cell for every path and every kind of case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.nights.site.archive import Archive, ShownResult
from conformance.report.join import dtype_order
from conformance.verdict.record import RED, SEVERITY, Status, first

_RANKS = {"NC": 2, "NCL": 3, "NLC": 3, "NCHW": 4, "NHWC": 4, "NCDHW": 5, "NDHWC": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCell:
    """Outputs that are looked at together.

    Attributes:
        counts: How many have each status, the worst first; no zeros.
        grade: The worst grade; None where nothing was compared.
        units: The largest error that a figure measures; None where there is none.
        unbounded: Whether one failed by what no figure measures.
    """

    counts: Mapping[Status, int]
    grade: str | None = None
    units: float | None = None
    unbounded: bool = False

    @property
    def status(self) -> Status:
        """The status to show: the worst."""
        return first(self.counts)

    @property
    def red(self) -> int:
        """How many outputs make a run fail."""
        return sum(n for status, n in self.counts.items() if status in RED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKind:
    """A row of the matrix: cases of one mode, layout and type.

    Attributes:
        name: ``"train · NCHW · float32"``.
        mode: ``"train"`` or ``"test"``.
        layout: Layout of the input.
        rank: Rank of the input, or its layout where that has no rank of its own.
        dtype: Type of the input.
        cases: How many cases it has.
    """

    name: str
    mode: str
    layout: str
    rank: str
    dtype: str
    cases: int


def cell(results: Iterable[ShownResult]) -> SiteCell:
    """Count outputs."""
    results = list(results)
    counts = Counter(Status(result.status) for result in results)
    return SiteCell(
        counts={status: counts[status] for status in SEVERITY if counts[status]},
        grade=max((r.grade for r in results if r.grade), default=None),
        units=max((r.units for r in results if r.units is not None), default=None),
        unbounded=any(r.grade == "F" and r.units is None for r in results),
    )


def by_case(results: Iterable[ShownResult]) -> dict[str, list[ShownResult]]:
    """Results of one path, case by case."""
    found: dict[str, list[ShownResult]] = {}
    for result in results:
        found.setdefault(result.case, []).append(result)
    return found


def kinds(archive: Archive) -> list[CaseKind]:
    """The rows of the matrix."""
    counts = Counter((c["mode"], c["layout"], c["dtype"]) for c in archive.cases.values())
    layouts = list(_RANKS)

    def order(key: tuple[str, str, str]) -> tuple[object, ...]:
        mode, layout, dtype = key
        place = layouts.index(layout) if layout in layouts else len(layouts)
        return (mode != "train", place, layout, dtype_order(dtype))

    return [
        CaseKind(
            name=" · ".join(key),
            mode=key[0],
            layout=key[1],
            rank=str(_RANKS.get(key[1], key[1])),
            dtype=key[2],
            cases=counts[key],
        )
        for key in sorted(counts, key=order)
    ]


def grid(archive: Archive) -> dict[tuple[str, str], SiteCell]:
    """A cell for every kind and path, by their names."""
    heaps: dict[tuple[str, str], list[ShownResult]] = {}
    for column, results in archive.results.items():
        for result in results:
            case = archive.cases.get(result.case)
            if case is not None:
                name = " · ".join((case["mode"], case["layout"], case["dtype"]))
                heaps.setdefault((name, column), []).append(result)
    return {key: cell(results) for key, results in heaps.items()}


def totals(results: Mapping[str, Sequence[ShownResult]]) -> dict[str, SiteCell]:
    """For each path the cell of all its outputs."""
    return {column: cell(mine) for column, mine in results.items()}
