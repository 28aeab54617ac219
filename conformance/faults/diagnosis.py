"""What is wrong with a kernel: its outputs beside what faults would have produced.

An output is explained by a fault, or by two at once, if on every case that is looked at it is what
they would have produced, within the error that rounding allows.  They are refuted where they would
have made an output wrong that is right.  Faults whose values depend on the order of rounding
cannot be recognised by value; they are recognised by where they fail.  Chance is blamed only
where two equal calls differ.  A name too few is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from conformance.adapter import WROTE_TO_INPUTS
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Dialect
from conformance.faults import FAULTS
from conformance.faults.explaining import Explaining, Explanation
from conformance.faults.fault import Fault
from conformance.faults.hearing import LARGEST, Cell, Hearing
from conformance.faults.predictions import Predictions
from conformance.faults.refused import refusing
from conformance.faults.terms import off
from conformance.faults.types_told import without_types
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence

_SAME_PLACES = 0.7
"""Part of the failures, of both together, that must be in the same places."""

_FEWEST_PLACES = 5
"""Places that must be the same: in fewer, many a fault of rounding fails."""


def diagnose(
    evidence: Sequence[Evidence], dialect: Dialect, known: Predictions | None = None
) -> tuple[Diagnosis, ...]:
    """Name what is wrong.

    Args:
        evidence: What a kernel did on many cases, passed ones included: they refute.
        dialect: The kernel's conventions.
        known: What faults are known to produce in that dialect, kept from kernel to kernel.

    Returns:
        A finding for every group of failing outputs: the faults that explain it, or the terms
        that are off; nothing for a kernel of which no output is wrong.
    """
    findings = [*_overwritten(evidence), *refusing(evidence, FAULTS.values(), dialect)]
    typed, values = without_types(evidence, dialect)
    findings += typed
    hearing = Hearing(values, dialect, known)
    if not hearing.failing:
        return tuple(findings)
    possible = [fault for fault in FAULTS.values() if fault.exists_in(dialect)]
    named = [f for f in possible if _has_values(f) and (hearing.by_chance or not f.lots)]
    search = Explaining(hearing, named)
    explained = list(search.run())
    findings += [_finding(found) for found in explained]
    rounding = [fault for fault in possible if fault.rounding and not fault.accepted]
    if not explained and (placed := _by_place(hearing, rounding)):
        return (*findings, placed)
    left = {name for _, name in search.left} - {n for f in findings for n in f.outputs}
    findings += [_unnamed(n, hearing, search.left, dialect) for n in OUTPUT_NAMES if n in left]
    return tuple(findings)


def _has_values(fault: Fault) -> bool:
    """Whether a fault can be recognised by the values of outputs."""
    has_none = fault.rounding or fault.accepted or fault.refuses
    return not has_none and bool(set(fault.touches) & set(OUTPUT_NAMES))


def _overwritten(evidence: Iterable[Evidence]) -> Iterable[Diagnosis]:
    reasons = [next((r.reason or "" for r in e.results.values()), "") for e in evidence]
    written = sum(reason.startswith(WROTE_TO_INPUTS) for reason in reasons)
    if written:
        fault = FAULTS["input-mutated"]
        yield Diagnosis(
            outputs=(), fault=fault.id, title=fault.title, matched=written, of=len(reasons)
        )


def _finding(found: Explanation) -> Diagnosis:
    first, *others = found.account.faults
    cases = {case for case, _ in found.of}
    unexplained = {case for case, _ in found.of - found.agreed}
    return Diagnosis(
        outputs=tuple(n for n in OUTPUT_NAMES if n in found.outputs),
        fault=first.id,
        title="; and ".join(fault.title for fault in found.account.faults),
        matched=len(cases - unexplained),
        of=len(cases),
        also=tuple(other.ids[0] for other in found.also),
        together=tuple(fault.id for fault in others),
        only=found.only,
    )


def _by_place(hearing: Hearing, faults: Iterable[Fault]) -> Diagnosis | None:
    """The fault of rounding that fails where this kernel fails, if there is one."""
    small = [e for e in hearing.small if e.case.inputs.x.size <= LARGEST]
    seen = {(e.case.id, name) for e in small for name in e.failing}
    found: list[Diagnosis] = []
    for fault in faults:
        predictions = [(e, hearing.predict((fault,), e)) for e in small]
        places = {
            (e.case.id, name)
            for e, prediction in predictions
            for name in sorted(e.failing | e.right)
            if prediction.deviates(name)
        }
        both, either = seen & places, len(seen | places)
        if len(both) >= max(_SAME_PLACES * either, _FEWEST_PLACES):
            found.append(
                Diagnosis(
                    outputs=tuple(n for n in OUTPUT_NAMES if n in {name for _, name in both}),
                    fault=fault.id,
                    title=fault.title,
                    matched=len(both),
                    of=either,
                    by_place=True,
                )
            )
    best = max(found, key=lambda f: f.matched / f.of, default=None)
    if best is None:
        return None
    # Places alone cannot tell one from another that fails in as many of them.
    equal = (f for f in found if f.matched * best.of == best.matched * f.of and f is not best)
    return replace(best, also=tuple(f.fault for f in equal if f.fault))


def _unnamed(name: str, hearing: Hearing, left: set[Cell], dialect: Dialect) -> Diagnosis:
    wrong = [e for e in hearing.sample if name in e.failing and (e.case.id, name) in left]
    terms, matched = off(name, [(e.case, e.actual[name]) for e in wrong], dialect)
    of = sum(cell[1] == name for cell in left)
    return Diagnosis(outputs=(name,), fault=None, title=terms, matched=matched, of=len(wrong) or of)
