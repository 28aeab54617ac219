"""Which fault refuses the calls that a kernel refused: all of them, and no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from conformance.adapter import WROTE_TO_INPUTS
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Dialect, Inputs
from conformance.faults.fault import Fault
from conformance.faults.lying import x_as_it_lies
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import Status

_LEAST = 2
"""Calls that must be refused: one alone has many properties."""


def refusing(
    evidence: Sequence[Evidence], faults: Iterable[Fault], dialect: Dialect
) -> list[Diagnosis]:
    """What is to be said of calls that got no answer.

    Args:
        evidence: What a kernel did on many cases, answered ones included: they refute.
        faults: The dictionary.
        dialect: The kernel's conventions.

    Returns:
        A finding, if exactly the calls that ended in an error are those that a fault refuses.
    """
    refused = {e.case.id for e in evidence if _is_error(e)}
    if len(refused) < _LEAST:
        return []
    asked = [e for e in evidence if e.actual or _is_error(e)]
    found = [f for f in faults if f.exists_in(dialect) and _is(f, asked, refused)]
    if not found:
        return []
    first, *others = found
    outputs = {name for e in asked if e.case.id in refused for name in e.results}
    named = Diagnosis(
        outputs=tuple(name for name in OUTPUT_NAMES if name in outputs),
        fault=first.id,
        title=first.title,
        matched=len(refused),
        of=len(refused),
        also=tuple(other.id for other in others),
    )
    return [named]


def _is_error(e: Evidence) -> bool:
    errors = [r.reason or "" for r in e.results.values() if r.status is Status.ERROR]
    return bool(errors) and not errors[0].startswith(WROTE_TO_INPUTS)


def _is(fault: Fault, evidence: Iterable[Evidence], refused: set[str]) -> bool:
    """Whether a fault refuses what was refused, and nothing that was answered.

    But for arrays that lie backwards: where a framework has none, kernels are given copies.  And
    a kernel that cannot do without dy is given one where a call has none.
    """
    if fault.refuses is None:
        return False
    own = [e.case for e in evidence if fault.acts_on(e.case.inputs)]
    named = {case.id: case.inputs for case in own if fault.refuses(case.inputs)}
    answered = (inputs for case, inputs in named.items() if case not in refused)
    possible = {case.id for case in own if fault.refuses(_with_dy(case.inputs))}
    return refused <= possible and all(_is_backwards(inputs) for inputs in answered)


def _with_dy(inputs: Inputs) -> Inputs:
    return inputs if inputs.dy is not None else replace(inputs, dy=inputs.x)


def _is_backwards(inputs: Inputs) -> bool:
    return any(step < 0 for step in x_as_it_lies(inputs).strides)
