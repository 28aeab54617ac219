"""The matrix as JSON, described by ``schemas/matrix.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from conformance.report.matrix import Matrix, MatrixCell, MatrixColumn, MatrixRow, Noteworthy
from conformance.report.standing import Standing
from conformance.report.wording import verdict
from conformance.verdict.conventions import differences, encode
from conformance.verdict.record import RED, Status

SCHEMA = "conformance/matrix/2"


def as_json(matrix: Matrix) -> str:
    """`matrix` as JSON text, whole: see `parts`."""
    return "".join(parts(matrix))


def parts(matrix: Matrix) -> Iterator[str]:
    """`matrix` as JSON text, piece by piece; an item of a list is a line.

    NaN and infinity are the strings ``"nan"``, ``"inf"``, ``"-inf"``.
    """
    entries = _entries(matrix)
    for number, (name, value) in enumerate(entries.items()):
        yield f"{',' if number else '{'}\n {_text(name)}: "
        if isinstance(value, Iterator):
            yield from _listed(value)
        else:
            yield _text(value)
    yield "\n}\n"


def _listed(items: Iterator[Any]) -> Iterator[str]:
    yield "["
    for number, item in enumerate(items):
        yield f"{',' if number else ''}\n  {_text(item)}"
    yield "\n ]"


def _text(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _entries(matrix: Matrix) -> dict[str, Any]:
    """The entries of the JSON form; long lists are made item by item."""
    totals = matrix.totals()
    counts = {s.value: sum(c.counts.get(s, 0) for c in totals) for s in Status}
    red = (f for f in matrix.findings if f.result.status in RED)
    others = (f for f in matrix.findings if f.result.status not in RED)
    return {
        "schema": SCHEMA,
        "as_expected": matrix.as_expected,
        "verdict": verdict(matrix),
        "counts": counts,
        "missing": list(matrix.missing),
        "silent": list(matrix.silent),
        "partial": list(matrix.partial),
        "notes": list(matrix.notes),
        "columns": (_column(matrix, i) for i in range(len(matrix.columns))),
        "rows": (_row(row) for row in matrix.rows),
        "cells": (
            {"row": r, "column": c, **_cell(matrix.cell(row, c))}
            for r, row in enumerate(matrix.rows)
            for c in range(len(matrix.columns))
        ),
        "red": (_finding(matrix, finding) for finding in red),
        "not_red": (_finding(matrix, finding) for finding in others),
    }


def _column(matrix: Matrix, index: int) -> dict[str, Any]:
    column: MatrixColumn = matrix.columns[index]
    record = column.record
    cell = matrix.cell(matrix.total, index)
    facts: dict[str, Any] = {
        "name": column.name,
        "label": column.label,
        "version": column.version,
        "device": column.device,
        "reported": record is not None,
        **_cell(cell),
        "standing": _standing(matrix.standings[index]),
    }
    if record is None:
        return {**facts, "record": None}
    return {
        **facts,
        "record": {
            "adapter": record.adapter,
            "path": record.path,
            "about": record.about,
            "versions": dict(record.versions),
            "dialect": dict(record.dialect),
            "conventions": encode(record.conventions),
            "differences": list(differences(record.dialect, record.conventions)),
            "catalogue": dict(record.catalogue),
            "started": record.started,
            "seconds": record.seconds,
            "cases": len(record.cases),
            "diagnosis": [{**asdict(d), "sentence": d.sentence} for d in record.diagnosis],
        },
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        "values": standing.values,
        "grade": standing.grade,
        "compared": standing.compared,
        "due": standing.due,
        "wrong": standing.wrong,
        "causes": dict(standing.causes),
        "edges": dict(standing.edges),
    }


def _row(row: MatrixRow) -> dict[str, Any]:
    return {
        "view": row.view,
        "name": row.name,
        "mode": row.mode,
        "layout": row.layout,
        "dtype": row.dtype,
        "cases": len(row.cases),
    }


def _cell(cell: MatrixCell) -> dict[str, Any]:
    return {
        "status": cell.status.value,
        "grade": cell.grade,
        "units": cell.units,
        "unbounded": cell.unbounded,
        "compared": cell.compared,
        "counts": {status.value: n for status, n in cell.counts.items()},
        "absent": cell.absent,
        "why": cell.why,
    }


def _finding(matrix: Matrix, finding: Noteworthy) -> dict[str, Any]:
    result, worst = finding.result, finding.result.worst
    return {
        "column": finding.column,
        "path": matrix.columns[finding.column].name,
        "case": finding.case,
        "group": finding.group,
        "kind": matrix.kinds[finding.kind].name,
        "output": finding.output,
        "status": result.status.value,
        "grade": result.grade,
        "units": result.units,
        "worst": worst
        and {
            "index": list(worst.index),
            "actual": _number(worst.actual),
            "expected": _number(worst.expected),
            "bound": _number(worst.bound),
        },
        "reason": result.reason,
        "repro": finding.repro,
    }


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
