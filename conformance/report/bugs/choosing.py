"""Which failure of a path shows best what is wrong: plain to see, of one cause, in a usual call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Case, Dialect
from conformance.cases import golden
from conformance.errors import SelectionError
from conformance.report.bugs.likeness import CLEAR, PLAIN
from conformance.report.bugs.visible import share
from conformance.verdict.known.applying import FAILING
from conformance.verdict.record import OutputResult, RunRecord, Status
from conformance.verdict.ruler import Ruler

_FAILED = FAILING | {Status.EXPECTED_FAIL}
_UNSEEN = 1000
_LONG = 64
"""More values per channel than this may all be needed, and nobody reads them."""

_COMBINED = "combinations"
"""A group whose cases are there to show nothing in particular."""


def convincing(record: RunRecord, dialect: Dialect, cause: str | None = None) -> tuple[str, str]:
    """The case of a run that shows a failure best, and its output.

    What nobody expected comes first, and what is wrong for ordinary data before edges.

    Args:
        record: What the path did.
        dialect: Its conventions.
        cause: What it is to be known to fail for; None for any.

    Raises:
        SelectionError: nothing failed, or nothing for that cause.
    """
    failed = dict(_failed(record, cause))
    edges = {case.case: case.edges for case in record.cases}
    if not failed:
        raise SelectionError(_nothing(record, cause))
    ranked = (
        (
            (result.status is Status.EXPECTED_FAIL, bool(result.edges), bool(edges[case.id])),
            _rank(case, dialect, output, result),
            case.id,
            output,
        )
        for case in golden.load(failed)
        for output, result in failed[case.id].items()
    )
    *_, case_id, output = min(ranked)
    return case_id, output


def _failed(record: RunRecord, cause: str | None) -> Iterator[tuple[str, dict[str, OutputResult]]]:
    for case in record.cases:
        found = {
            name: result
            for name, result in case.outputs.items()
            if result.status in _FAILED and (cause is None or cause in result.known)
        }
        if found:
            yield case.case, found


def _rank(case: Case, dialect: Dialect, output: str, result: OutputResult) -> tuple[Any, ...]:
    """How well an output shows what is wrong; the less the better."""
    inputs = case.inputs
    return (
        len(result.known) > 1,
        result.units is not None and result.units < CLEAR,
        inputs.count > _LONG,
        _faintness(_seen(case, dialect, output, result)),
        bool(inputs.earlier) or inputs.memory != "contiguous" or inputs.mask is not None,
        case.problem.group == _COMBINED,
        inputs.x.size,
        OUTPUT_NAMES.index(output),
    )


def _seen(case: Case, dialect: Dialect, output: str, result: OutputResult) -> float:
    """How much of the output is wrong, as far as its worst element tells."""
    if result.worst is None:
        return 1.0
    due = Ruler(case, dialect).due[output]
    actual = due.copy()
    actual[result.worst.index] = result.worst.actual
    return share(case, output, due, actual)


def _faintness(share: float) -> int:
    """By how many powers of ten an error is less than plain to see: a coarse order."""
    return max(round(math.log10(PLAIN / share)), 0) if share else _UNSEEN


def _nothing(record: RunRecord, cause: str | None) -> str:
    where = f"{record.adapter}/{record.path}"
    known = sorted({n for c in record.cases for r in c.outputs.values() for n in r.known})
    if cause is None or not known:
        return f"the record of {where} has no failure, one was wanted. Name a case that fails."
    return (
        f"the record of {where} has no failure for the cause {cause!r}, one of {known} was "
        "wanted. Give one of them, or leave --cause out."
    )
