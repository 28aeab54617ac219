"""Adapter times large rows makes run records: each row is made, asked of every path, and forgotten.

The rows come outermost, so that a call of ten million values is drawn and solved once for all
paths; every path has a worker of its own, as in `conformance.harness.run`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from conformance.case import Case
from conformance.cases import large
from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.tier_names import LARGE
from conformance.errors import ConformanceError
from conformance.harness.answer import Answer, Reply
from conformance.harness.column import Column
from conformance.harness.halt import Halt
from conformance.harness.interrupted import cut_short
from conformance.harness.recording import make_record
from conformance.harness.run import examine, explain, result_of
from conformance.harness.session import Session
from conformance.oracle.solve import owed
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import CaseResult, RunRecord, now

_TIER = f" --tier {LARGE}"


@dataclass(slots=True)
class _Course:
    """What became of one column so far."""

    column: Column
    session: Session
    results: list[CaseResult] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def run(
    selected: Sequence[Column],
    rows: Sequence[CaseRow],
    *,
    case_seconds: float,
    halt: Halt,
    done: Callable[[Column, CaseResult], None] = lambda _column, _result: None,
    finished: Callable[[RunRecord], None] = lambda _record: None,
) -> list[RunRecord]:
    """Run rows of the large tier on columns.

    Args:
        selected: The columns.
        rows: The rows, as `conformance.cases.large.select` gives them.
        case_seconds: How long one call may take.
        halt: Ends the run early where it is told to: the records are then partial.
        done: Called after every call.
        finished: Called with every record as soon as it is whole.

    Returns:
        One record per column, in their order.

    Raises:
        ConformanceError: the values of a row are not those that it has everywhere, or a worker does
            not start any more.  What came before is in the records all the same.
    """
    started, clock = now(), time.perf_counter()
    with ExitStack() as open_sessions:
        courses = [_Course(c, _session(c, open_sessions, case_seconds, halt)) for c in selected]
        trouble = _all(rows, courses, case_seconds, halt, done)
        breaches = [course.session.breaches for course in courses]
    records = []
    for course, breach in zip(courses, breaches, strict=True):
        record = make_record(
            course.column,
            course.results,
            started=started,
            seconds=time.perf_counter() - clock,
            diagnosis=explain(course.column, course.results, course.evidence),
            partial=cut_short(halt, course.results, beside=len(rows) - len(course.results)),
            breaches=breach,
            catalogue=_catalogue(),
        )
        finished(record)
        records.append(record)
    if trouble is not None:
        raise trouble
    return records


def _session(column: Column, stack: ExitStack, case_seconds: float, halt: Halt) -> Session:
    session = Session(column.source, case_seconds=case_seconds, switches=column.switches)
    halt.watch(session)
    return stack.enter_context(session)


def _all(
    rows: Sequence[CaseRow],
    courses: Sequence[_Course],
    seconds: float,
    halt: Halt,
    done: Callable[[Column, CaseResult], None],
) -> ConformanceError | None:
    """Ask row by row; what ended it before the last one, if that was an error."""
    try:
        for row in rows:
            _one(row, courses, seconds, done)
            if halt.why:
                break
    except ConformanceError as error:
        halt.now(f"stopped by {type(error).__name__}")
        return error
    return None


def _one(
    row: CaseRow,
    courses: Sequence[_Course],
    seconds: float,
    done: Callable[[Column, CaseResult], None],
) -> None:
    why = large.lacking(row, seconds=seconds)
    problem = large.made(row) if why is None else large.twin(row)
    case = Case(problem=problem, expected=owed(problem.inputs))
    for course in courses:
        if why is None:
            result, seen = examine(course.session, course.column, case, _TIER)
        else:
            left = Answer(status=Reply.NOT_RUN, reason=why)
            result, seen = result_of(course.column, case, left, _TIER)
        course.results.append(result)
        if problem.inputs.x.size <= large.EXPLAINED:
            course.evidence.append(seen)
        done(course.column, result)


def _catalogue() -> dict[str, object]:
    return {"digest": large.digest(), "cases": len(large.rows()), "published": True}
