"""The matrix as JSON, described by ``schemas/matrix.json``."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from conformance.report.matrix import Matrix, MatrixCell, MatrixColumn, MatrixRow, Noteworthy
from conformance.report.wording import verdict
from conformance.verdict.record import RED, Status

SCHEMA = "conformance/matrix/1"


def as_json(matrix: Matrix) -> str:
    """`matrix` as JSON text; NaN and infinity are the strings ``"nan"``, ``"inf"``, ``"-inf"``."""
    return json.dumps(summarized(matrix), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def summarized(matrix: Matrix) -> dict[str, Any]:
    """`matrix` as the plain data of its JSON form."""
    totals = matrix.totals()
    findings = [_finding(matrix, finding) for finding in matrix.findings]
    counts = {s.value: sum(c.counts.get(s, 0) for c in totals) for s in Status}
    return {
        "schema": SCHEMA,
        "conforms": matrix.conforms,
        "verdict": verdict(matrix),
        "counts": counts,
        "missing": list(matrix.missing),
        "silent": list(matrix.silent),
        "partial": list(matrix.partial),
        "notes": list(matrix.notes),
        "columns": [_column(matrix, i) for i in range(len(matrix.columns))],
        "rows": [_row(row) for row in matrix.rows],
        "cells": [
            {"row": r, "column": c, **_cell(matrix.cell(row, c))}
            for r, row in enumerate(matrix.rows)
            for c in range(len(matrix.columns))
        ],
        "red": [f for f in findings if f["status"] in RED],
        "not_red": [f for f in findings if f["status"] not in RED],
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
            "catalogue": dict(record.catalogue),
            "started": record.started,
            "seconds": record.seconds,
            "cases": len(record.cases),
            "diagnosis": [{**asdict(d), "sentence": d.sentence} for d in record.diagnosis],
        },
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
