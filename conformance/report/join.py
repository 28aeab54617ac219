"""Run records side by side: the matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.cases import published
from conformance.errors import SelectionError
from conformance.float_types import FLOAT_TYPES
from conformance.printable import one_line
from conformance.report.matrix import Matrix, MatrixCell, MatrixColumn, MatrixRow, Noteworthy, View
from conformance.report.printable import clean
from conformance.verdict.record import (
    COUNTED_APART,
    RED,
    CaseResult,
    OutputResult,
    RunRecord,
    Status,
    first,
    version,
    was_compared,
)

NOTABLE = RED | COUNTED_APART | {Status.DEGRADED}
"""Statuses that are listed output by output."""

_MODES = ("train", "test")
_LAYOUTS = ("NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC")
_DTYPES = tuple(FLOAT_TYPES)


def join(records: Sequence[RunRecord], required: Iterable[str] = ()) -> Matrix:
    """Make the matrix of `records`.

    Args:
        records: One record per path, version and device.
        required: Adapters (``"torch"``) or paths (``"torch/functional"``) that must have
            reported; each that has not is a column of its own, not run.

    Raises:
        SelectionError: there is neither a record nor an expectation.
    """
    wanted = {one_line(name) for name in required}
    columns = _columns([clean(record) for record in records], wanted)
    if not columns:
        raise SelectionError(
            "there is nothing to report: 0 run records, at least one was wanted. "
            "Write one with: conformance run"
        )
    cases = [case for column in columns if column.record for case in column.record.cases]
    total = MatrixRow(view="all", name="all cases", cases=frozenset(c.case for c in cases))
    kinds, groups = _kinds(cases), _groups(cases)
    cells = {
        (row.view, row.name, index): cell
        for index, column in enumerate(columns)
        for row, cell in _cells(column, (total, *kinds, *groups))
    }
    return Matrix(
        columns=columns,
        total=total,
        kinds=kinds,
        groups=groups,
        cells=cells,
        findings=tuple(_findings(columns, kinds)),
        silent=tuple(_silent(columns, wanted)),
        notes=tuple(_notes(columns, total)),
    )


def summarize(results: Iterable[OutputResult], *, absent: int = 0) -> MatrixCell:
    """One cell of `results`; `absent` cases of its row are not in the record."""
    results = list(results)
    counts = Counter(result.status for result in results)
    status = first(counts)
    return MatrixCell(
        counts={each: counts[each] for each in sorted(counts, key=lambda s: s.value)},
        status=status,
        compared=sum(map(was_compared, results)),
        grade=max((r.grade for r in results if r.grade), default=None),
        units=max((r.units for r in results if r.units is not None), default=None),
        unbounded=any(r.grade == "F" and r.units is None for r in results),
        absent=absent,
        why=_why(status, results, absent),
    )


def pooled(matrix: Matrix, index: int, kinds: Iterable[MatrixRow]) -> MatrixCell:
    """The cell that the rows `kinds` make together in the column of index `index`."""
    record = matrix.columns[index].record
    if record is None:
        return matrix.cell(matrix.total, index)
    wanted = {row.name: len(row.cases) for row in kinds}
    cases = [c for c in record.cases if kind_name(c.mode, c.layout, c.dtype) in wanted]
    results = (result for case in cases for result in case.outputs.values())
    return summarize(results, absent=sum(wanted.values()) - len(cases))


def _why(status: Status, results: Sequence[OutputResult], absent: int) -> str:
    if not results:
        return f"none of the {absent} cases of this row is in this record"
    if status is Status.PASS:
        return ""
    said = (one_line(r.reason) for r in results if r.status is status and r.reason)
    reasons = Counter(said).most_common()
    if not reasons:
        return ""
    others = len(reasons) - 1
    more = f" (and {others} other reason{'s' if others > 1 else ''})" if others else ""
    return reasons[0][0] + more


def _columns(records: Iterable[RunRecord], wanted: set[str]) -> tuple[MatrixColumn, ...]:
    columns = [
        MatrixColumn(
            name=f"{record.adapter}/{record.path}",
            version=version(record),
            device=record.device,
            record=record,
        )
        for record in records
    ]
    there = {name for column in columns for name in _names(column)}
    columns += [MatrixColumn(name=name) for name in wanted - there]
    return tuple(sorted(columns, key=lambda c: (c.name, c.version, c.device)))


def _names(column: MatrixColumn) -> tuple[str, str]:
    return (column.name, column.name.split("/", maxsplit=1)[0])


def _silent(columns: Iterable[MatrixColumn], wanted: set[str]) -> list[str]:
    compared: Counter[str] = Counter()
    for column in columns:
        if column.record is not None:
            outputs = (r for case in column.record.cases for r in case.outputs.values())
            some = any(map(was_compared, outputs))
            compared.update(dict.fromkeys(_names(column), int(some)))
    return sorted(name for name in wanted if name in compared and not compared[name])


def _kinds(cases: Iterable[CaseResult]) -> tuple[MatrixRow, ...]:
    found: dict[tuple[str, str, str], set[str]] = {}
    for case in cases:
        found.setdefault((case.mode, case.layout, case.dtype), set()).add(case.case)
    return tuple(
        MatrixRow(
            view="kind",
            name=kind_name(*key),
            cases=frozenset(found[key]),
            mode=key[0],
            layout=key[1],
            dtype=key[2],
        )
        for key in sorted(found, key=_kind_order)
    )


def kind_name(mode: str, layout: str, dtype: str) -> str:
    """The name of the row of one mode, layout and type."""
    return f"{mode} · {layout} · {dtype}"


def dtype_order(dtype: str) -> tuple[int, str]:
    """A sort key: wide types first, each before its mixed form."""
    return (_place(dtype.split("+", maxsplit=1)[0], _DTYPES), dtype)


def _kind_order(key: tuple[str, str, str]) -> tuple[object, ...]:
    mode, layout, dtype = key
    return (_place(mode, _MODES), mode, _place(layout, _LAYOUTS), layout, dtype_order(dtype))


def _place(name: str, known: Sequence[str]) -> int:
    return known.index(name) if name in known else len(known)


def _groups(cases: Iterable[CaseResult]) -> tuple[MatrixRow, ...]:
    found: dict[str, set[str]] = {}  # in the order of the catalogue, which is that of the cases
    for case in cases:
        found.setdefault(case.group, set()).add(case.case)
    return tuple(
        MatrixRow(view="group", name=name, cases=frozenset(ids)) for name, ids in found.items()
    )


@dataclass(slots=True)
class _Heap:
    """What one column has in one row."""

    results: list[OutputResult] = field(default_factory=list)
    cases: int = 0


def _cells(
    column: MatrixColumn, rows: Iterable[MatrixRow]
) -> Iterator[tuple[MatrixRow, MatrixCell]]:
    if column.record is None:
        why = f"{column.name} was required and did not report"
        for row in rows:
            cell = MatrixCell(counts={}, status=Status.NOT_RUN, absent=len(row.cases), why=why)
            yield row, cell
        return
    heaps: dict[tuple[View, str], _Heap] = {}
    for case in column.record.cases:
        kind = kind_name(case.mode, case.layout, case.dtype)
        keys: tuple[tuple[View, str], ...]
        keys = (("all", "all cases"), ("kind", kind), ("group", case.group))
        for key in keys:
            heap = heaps.setdefault(key, _Heap())
            heap.results += case.outputs.values()
            heap.cases += 1
    for row in rows:
        heap = heaps.get((row.view, row.name), _Heap())
        yield row, summarize(heap.results, absent=len(row.cases) - heap.cases)


def _findings(columns: Sequence[MatrixColumn], kinds: Sequence[MatrixRow]) -> Iterator[Noteworthy]:
    index = {kind.name: number for number, kind in enumerate(kinds)}
    for number, column in enumerate(columns):
        for case in column.record.cases if column.record else ():
            for output, result in case.outputs.items():
                if result.status in NOTABLE:
                    yield Noteworthy(
                        column=number,
                        case=case.case,
                        group=case.group,
                        kind=index[kind_name(case.mode, case.layout, case.dtype)],
                        output=output,
                        result=result,
                        repro=case.repro,
                        stderr=case.stderr,
                    )


def _notes(columns: Sequence[MatrixColumn], total: MatrixRow) -> Iterator[str]:
    digests = {str(c.catalogue) for c in columns if c.record}
    if len(digests) > 1:
        yield (
            f"The records come from {len(digests)} different catalogues; "
            "run all paths again before comparing columns."
        )
    for digest in sorted(digests):
        if said := published.foreign(digest):
            held = [c.name for c in columns if c.record and str(c.catalogue) == digest]
            yield f"{said}; held against it: {', '.join(held)}."
    for column in columns:
        if column.record is None:
            continue
        outputs = [r for case in column.record.cases for r in case.outputs.values()]
        if not any(map(was_compared, outputs)):
            yield f"{column.label} compared nothing: {summarize(outputs).why or 'no reason given'}."
        if absent := len(total.cases) - len(column.record.cases):
            yield (
                f"{column.label} holds {len(column.record.cases)} of {len(total.cases)} cases; "
                f"nothing is known of the other {absent}."
            )
