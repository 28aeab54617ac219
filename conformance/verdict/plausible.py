"""What no schema can say of a run record: what it tells of itself must agree with itself.

A record comes from another machine.  Whatever it says twice is held against itself: the grade of an
output against its error and its worst element, the results against the catalogue, a beginning
against the clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from conformance.case import LIMIT
from conformance.cases import deployed, golden
from conformance.cases.published import DEPLOYED
from conformance.errors import GoldenFileError
from conformance.printable import value
from conformance.verdict.due import due_outputs
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status, Worst

AHEAD = timedelta(hours=1)
"""How far the clock of another machine may be ahead of ours; what began later is not believed."""

_ROUNDING = 1e-9
"""How much the same quotient may differ that was formed in another order."""


def faults(record: RunRecord) -> Iterator[str]:
    """What a record says that cannot be so: what was found and what was wanted."""
    yield from _time(record.started)
    seen: set[str] = set()
    for case in record.cases:
        if case.case in seen:
            yield f"case {value(case.case)} is there twice, one result per case was wanted"
        seen.add(case.case)
        for name, output in case.outputs.items():
            if fault := _output(output) or (output.edges and _edges(case, output)):
                yield f"{case.case} {name} has {fault}"
    yield from _catalogue(record)
    for found in record.diagnosis:
        if found.matched > found.of:
            yield f"a diagnosis holds on {found.matched} of {found.of} cases, no more was wanted"


def is_ahead(began: datetime) -> bool:
    """Whether something began later than now, by more than clocks differ."""
    return began > datetime.now(UTC) + AHEAD


def _time(started: str) -> Iterator[str]:
    try:
        began = datetime.fromisoformat(started)
    except ValueError:
        yield f"started is {value(started)}, a time that exists was wanted"
        return
    if is_ahead(began):
        yield (
            f"started is {started}, which is in the future; a time that is over was wanted "
            "(is the clock of that machine right?)"
        )


def _output(output: OutputResult) -> str | None:
    """How grade, error and worst element disagree; None where they agree, as nearly always."""
    grade, units, worst = output.grade, output.units, output.worst
    if grade is None:
        told = units is not None or worst is not None
        return "an error and no grade, both or none were wanted" if told else None
    if grade == "A":
        if units is None:
            return "grade A without a figure for its error, one was wanted"
        if units > LIMIT:
            return f"grade A with an error of {units:g} units, at most {LIMIT:g} were wanted"
    return None if worst is None else _worst(grade, units, worst)


_PASSES = frozenset({Status.PASS, Status.DEGRADED, Status.UNEXPECTED_PASS, Status.UNSUPPORTED})


def _edges(case: CaseResult, output: OutputResult) -> str | None:
    """How the edges of an output disagree with its status, and with those of its case."""
    if output.status in _PASSES:
        return f"{output.status} at edge {value(output.edges[0])}, a failure was wanted"
    if stray := [edge for edge in output.edges if edge not in case.edges]:
        return f"edge {value(stray[0])}, one that its case poses was wanted"
    return None


def _worst(grade: str, units: float | None, worst: Worst) -> str | None:
    """How the worst element disagrees with grade and error, where there is arithmetic to do."""
    distance = abs(worst.actual - worst.expected)
    if not (math.isfinite(distance) and 0 < worst.bound < math.inf):
        return None
    within = distance <= worst.bound * (1 + _ROUNDING)
    beyond = distance >= worst.bound * (1 - _ROUNDING)
    if not (within if grade == "A" else beyond):
        return (
            f"grade {grade} where its worst element is off by {distance:.3g} and the bound of "
            f"grade A is {worst.bound:.3g}; the grade that follows was wanted"
        )
    if units is None:
        # Beside a subnormal bound an error may have more units than a float64 can say.
        if not math.isfinite(LIMIT * (distance / worst.bound)):
            return None
        return f"no figure for its error where its worst element is off by {distance:.3g}"
    if units * worst.bound > LIMIT * distance * (1 + _ROUNDING):
        return (
            f"an error of {units:g} units where its worst element is off by {distance:.3g} and "
            f"the bound is {worst.bound:.3g}; the error that follows was wanted"
        )
    return None


def _catalogue(record: RunRecord) -> Iterator[str]:
    cases = record.catalogue["cases"]
    if len(record.cases) > cases:
        yield f"{len(record.cases)} results for a catalogue of {cases} cases, no more were wanted"
    folder = deployed.folder() if record.catalogue["digest"] == DEPLOYED else None
    try:
        known = golden.manifest(folder)
    except GoldenFileError:
        return  # without golden files of our own every catalogue is a foreign one
    if record.catalogue["digest"] != known.digest:
        return
    if cases != len(known.entries):
        yield f"a catalogue of {cases} cases, that of its digest has {len(known.entries)}"
    due = due_outputs(folder)
    for case in record.cases:
        entry = known.entries.get(case.case)
        if entry is None:
            yield f"case {value(case.case)}, which is not in the catalogue of its digest"
            continue
        told = (case.group, case.mode, case.layout, case.dtype)
        wanted = (entry.group, entry.mode, entry.layout, entry.dtype)
        if told != wanted:
            found = f"{case.case} with {value(', '.join(told))}"
            yield f"{found}, {value(', '.join(wanted))} was wanted"
        elif surplus := case.outputs.keys() - set(due[case.case]):
            yield f"{case.case} with output {min(surplus)}, which is not due there"
