"""Run records side by side: the matrix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance.cases import published
from conformance.errors import SelectionError
from conformance.float_types import FLOAT_TYPES
from conformance.printable import one_line
from conformance.report import standing
from conformance.report.collect import SetAside
from conformance.report.matrix import Matrix, MatrixCell, MatrixColumn, MatrixRow, Noteworthy, View
from conformance.report.pile import Pile, together
from conformance.report.printable import clean
from conformance.verdict.conventions import differences
from conformance.verdict.record import (
    COUNTED_APART,
    RED,
    CaseResult,
    RunRecord,
    Status,
    version,
)

NOTABLE = RED | COUNTED_APART | {Status.DEGRADED}
"""Statuses that are listed output by output."""

_MODES = ("train", "test")
_LAYOUTS = ("NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC")
_DTYPES = tuple(FLOAT_TYPES)


def join(
    records: Sequence[RunRecord], required: Iterable[str] = (), aside: Iterable[SetAside] = ()
) -> Matrix:
    """Make the matrix of `records`.

    Args:
        records: One record per path, version and device.
        required: Adapters (``"torch"``) or paths (``"torch/functional"``) that must have
            reported; each that has not is a column of its own, not run.
        aside: Records that could not be used; each is a column of its own too.

    Raises:
        SelectionError: there is neither a record nor an expectation.
    """
    wanted = {one_line(name) for name in required}
    columns = _columns([clean(record) for record in records], wanted, aside)
    if not columns:
        raise SelectionError(
            "there is nothing to report: 0 run records, at least one was wanted. "
            "Write one with: conformance run"
        )
    cases = [case for column in columns if column.record for case in column.record.cases]
    total = MatrixRow(view="all", name="all cases", cases=frozenset(c.case for c in cases))
    kinds, groups = _kinds(cases), _groups(cases)
    piles = [_piles(column.record) if column.record else {} for column in columns]
    cells = {
        (row.view, row.name, index): _cell(column, row, piles[index].get((row.view, row.name)))
        for index, column in enumerate(columns)
        for row in (total, *kinds, *groups)
    }
    totals = [cells[total.view, total.name, index] for index in range(len(columns))]
    return Matrix(
        columns=columns,
        total=total,
        kinds=kinds,
        groups=groups,
        cells=cells,
        findings=tuple(_findings(columns, kinds)),
        standings=tuple(standing.of(column.record) for column in columns),
        silent=tuple(_silent(columns, totals, wanted)),
        notes=tuple(_notes(columns, total, cells)),
    )


def pooled(matrix: Matrix, index: int, kinds: Iterable[MatrixRow]) -> MatrixCell:
    """The cell that the rows `kinds` make together in the column of index `index`."""
    if matrix.columns[index].record is None:
        return matrix.cell(matrix.total, index)
    return together(matrix.cell(row, index) for row in kinds)


def _columns(
    records: Iterable[RunRecord], wanted: set[str], aside: Iterable[SetAside]
) -> tuple[MatrixColumn, ...]:
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
    columns += [MatrixColumn(name=one_line(a.name), unused=one_line(a.why)) for a in aside]
    return tuple(sorted(columns, key=lambda c: (c.name, c.version, c.device)))


def _names(column: MatrixColumn) -> tuple[str, str]:
    return (column.name, column.name.split("/", maxsplit=1)[0])


def _silent(
    columns: Iterable[MatrixColumn], totals: Iterable[MatrixCell], wanted: set[str]
) -> list[str]:
    compared: Counter[str] = Counter()
    for column, cell in zip(columns, totals, strict=True):
        if column.record is not None:
            compared.update(dict.fromkeys(_names(column), int(cell.compared > 0)))
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


def _piles(record: RunRecord) -> dict[tuple[View, str], Pile]:
    """What one record has in each row, by view and name."""
    found: defaultdict[tuple[View, str], Pile] = defaultdict(Pile)
    for case in record.cases:
        mine = Pile(cases=1)
        mine.take(case.outputs.values())
        kind = kind_name(case.mode, case.layout, case.dtype)
        keys: tuple[tuple[View, str], ...]
        keys = (("all", "all cases"), ("kind", kind), ("group", case.group))
        for key in keys:
            found[key].add(mine)
    return found


def _cell(column: MatrixColumn, row: MatrixRow, pile: Pile | None) -> MatrixCell:
    if column.record is None:
        absent = len(row.cases)
        return MatrixCell(counts={}, status=Status.NOT_RUN, absent=absent, why=column.why)
    pile = pile or Pile()
    return pile.cell(len(row.cases) - pile.cases)


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


def _notes(
    columns: Sequence[MatrixColumn],
    total: MatrixRow,
    cells: Mapping[tuple[View, str, int], MatrixCell],
) -> Iterator[str]:
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
    for index, column in enumerate(columns):
        if column.record is None:
            if column.unused:
                yield f"not used: {column.unused}"
            continue
        for found in differences(column.record.dialect, column.record.conventions):
            yield f"{column.label} is not what it declares: {found}."
        cell = cells[total.view, total.name, index]
        if not cell.compared:
            yield f"{column.label} compared nothing: {cell.why or 'no reason given'}."
        if cell.absent:
            yield (
                f"{column.label} holds {len(column.record.cases)} of {len(total.cases)} cases; "
                f"nothing is known of the other {cell.absent}."
            )
