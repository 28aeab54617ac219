"""What is wrong with a kernel: its outputs beside what each fault would have produced.

An output is explained by a fault if, on every case that is looked at, it is what the fault would
have produced, within the error that rounding allows.  A fault is refuted where it would have
made an output wrong that is not wrong in its way.  Faults whose values depend on the order of
rounding cannot be recognised by value; they are recognised by where they fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest

import numpy as np

from conformance.adapter import WROTE_TO_INPUTS
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Case, Dialect
from conformance.faults import FAULTS
from conformance.faults.fault import Fault
from conformance.faults.match import Prediction
from conformance.faults.terms import off
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler

_FAILING, _PASSING = 32, 12
_LARGEST = 4096
_SAME_PLACES = 0.7
"""Part of the failures, of both together, that must be in the same places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One case, what a kernel returned for it, and the verdict.

    Attributes:
        case: The case.
        actual: What came back, by output name; empty where nothing did.
        results: The verdict on every output that is due.
    """

    case: Case
    actual: Actual
    results: Mapping[str, OutputResult]

    @property
    def ordinary(self) -> bool:
        """Whether all inputs are finite and no variance is negative."""
        inputs = self.case.inputs
        given = (inputs.x, inputs.dy, inputs.running_mean, inputs.running_var)
        finite = all(np.isfinite(a.astype(np.float64)).all() for a in given if a is not None)
        return finite and not (inputs.running_var is not None and (inputs.running_var < 0).any())

    @property
    def failing(self) -> frozenset[str]:
        """Outputs that came back and are wrong, and were not expected to be."""
        failed = (n for n, r in self.results.items() if r.status is Status.FAIL)
        return frozenset(name for name in failed if name in self.actual)


@dataclass(slots=True)
class _Claim:
    """How one fault fares: on how many cases each output is due, and on how many it agrees."""

    fault: Fault
    due: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)

    def hear(self, name: str, *, agrees: bool) -> None:
        """Take one case into account."""
        self.due[name] += 1
        self.agreed[name] += agrees

    @property
    def explained(self) -> frozenset[str]:
        """Outputs that are what the fault would have produced wherever they are due."""
        return frozenset(name for name, due in self.due.items() if self.agreed[name] == due)

    @property
    def refuted(self) -> bool:
        """Whether some output is not what the fault would have produced."""
        return len(self.explained) < len(self.due)

    @property
    def hopeless(self) -> bool:
        """Whether no further case can make the fault explain anything."""
        wrong = {name for name, due in self.due.items() if self.agreed[name] < due}
        return set(self.fault.touches) <= wrong


class _Hearing:
    """The evidence on one kernel, and what it is held to, prepared once for all faults."""

    def __init__(self, evidence: Sequence[Evidence], dialect: Dialect) -> None:
        self.dialect = dialect
        self.small = sorted((e for e in evidence if e.actual), key=lambda e: e.case.inputs.x.size)
        self._rulers: dict[str, Ruler] = {}

    def predict(self, fault: Fault, e: Evidence) -> Prediction:
        """What a fault would have produced on a case."""
        ruler = self._rulers.get(e.case.id)
        if ruler is None:
            ruler = self._rulers[e.case.id] = Ruler(e.case, self.dialect)
        return Prediction(fault, e.case, ruler, self.dialect)

    @property
    def all_small(self) -> list[Evidence]:
        """All cases that are quickly run."""
        return [e for e in self.small if e.case.inputs.x.size <= _LARGEST]

    @cached_property
    def sample(self) -> list[Evidence]:
        """Small cases, spread over the groups: some that fail for each output, some that pass."""
        names = sorted({name for e in self.small for name in e.failing})
        failing = [_spread(e for e in self.small if name in e.failing) for name in names]
        passing = _spread(e for e in self.small if not e.failing)
        chosen = [e for some in failing for e in some[: _FAILING // len(names) + 1]]
        unique = {e.case.id: e for e in chosen + passing[:_PASSING]}
        return list(unique.values())

    def claim(self, fault: Fault, evidence: Iterable[Evidence]) -> _Claim | None:
        """How a fault fares on some of the evidence; None if it explains nothing."""
        claim = _Claim(fault)
        for e in evidence:
            prediction = self.predict(fault, e)
            if prediction.too_many:
                continue
            for name, value in e.actual.items():
                deviates = prediction.deviates(name)
                if not (deviates or name in e.failing):
                    continue
                agrees = deviates and prediction.agrees(name, value)
                # What spreads from a NaN depends on how a kernel is written: it refutes nothing.
                if agrees or e.ordinary:
                    claim.hear(name, agrees=agrees)
            if claim.hopeless:
                return None
        return claim if claim.explained else None


def diagnose(evidence: Sequence[Evidence], dialect: Dialect) -> tuple[Diagnosis, ...]:
    """Name what is wrong.

    Args:
        evidence: What a kernel did on many cases, passed ones included: they refute.
        dialect: The kernel's conventions.

    Returns:
        A finding for every group of failing outputs: the fault that explains it, or the terms
        that are off; nothing for a kernel of which no output is wrong.
    """
    findings = list(_overwritten(evidence))
    left = {name for e in evidence for name in e.failing}
    hearing = _Hearing(evidence, dialect)
    possible = [fault for fault in FAULTS.values() if fault.exists_in(dialect)]
    claims = [
        claim
        for fault in possible
        if left and _has_values(fault) and (claim := hearing.claim(fault, hearing.sample))
    ]
    while left and (best := _best(claims, left)):
        if len(best) > 1:  # what the sample cannot tell apart, all the evidence may
            again = [hearing.claim(claim.fault, hearing.all_small) for claim in best]
            best = _best([claim for claim in again if claim], left) or best
        findings.append(_finding(best[0], best[1:], left))
        left -= best[0].explained
    rounding = [fault for fault in possible if fault.rounding and not fault.accepted]
    if left and not findings and (placed := _by_place(hearing, rounding, left)):
        return (placed,)
    findings += [_unnamed(name, hearing.sample) for name in OUTPUT_NAMES if name in left]
    return tuple(findings)


def _has_values(fault: Fault) -> bool:
    """Whether a fault can be recognised by the values of outputs."""
    return not (fault.rounding or fault.accepted) and bool(set(fault.touches) & set(OUTPUT_NAMES))


def _overwritten(evidence: Iterable[Evidence]) -> Iterable[Diagnosis]:
    reasons = [next((r.reason or "" for r in e.results.values()), "") for e in evidence]
    written = sum(reason.startswith(WROTE_TO_INPUTS) for reason in reasons)
    if written:
        fault = FAULTS["input-mutated"]
        yield Diagnosis(
            outputs=(), fault=fault.id, title=fault.title, matched=written, of=len(reasons)
        )


def _spread(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The first of every group, then the second of every group, and so on."""
    groups: dict[str, list[Evidence]] = {}
    for e in evidence:
        groups.setdefault(e.case.problem.group, []).append(e)
    return [e for row in zip_longest(*groups.values()) for e in row if e is not None]


def _best(claims: Iterable[_Claim], left: set[str]) -> list[_Claim]:
    """The claim that explains most, whole ones first, and those that explain the same."""

    def rank(claim: _Claim) -> tuple[bool, int, int]:
        return (not claim.refuted, len(claim.explained & left), -len(claim.due))

    useful = sorted((c for c in claims if c.explained & left), key=rank, reverse=True)
    same = [c for c in useful[1:] if rank(c)[:2] == rank(useful[0])[:2]]
    same = [c for c in same if c.explained & left == useful[0].explained & left]
    return [*useful[:1], *same]


def _finding(claim: _Claim, others: Iterable[_Claim], left: set[str]) -> Diagnosis:
    named = tuple(n for n in OUTPUT_NAMES if n in claim.explained & left)
    return Diagnosis(
        outputs=named,
        fault=claim.fault.id,
        title=claim.fault.title,
        matched=min(claim.agreed[n] for n in named),
        of=min(claim.due[n] for n in named),
        also=tuple(other.fault.id for other in others),
    )


def _by_place(hearing: _Hearing, faults: Iterable[Fault], left: set[str]) -> Diagnosis | None:
    """The fault of rounding that fails where this kernel fails, if there is one."""
    small = hearing.all_small
    seen = {(e.case.id, name) for e in small for name in e.failing & left}
    found: list[Diagnosis] = []
    for fault in faults:
        predictions = [(e.case.id, hearing.predict(fault, e)) for e in small]
        places = {(case, n) for case, p in predictions for n in left if p.deviates(n)}
        both, either = len(seen & places), len(seen | places)
        if seen and both >= _SAME_PLACES * either:
            finding = Diagnosis(
                outputs=tuple(n for n in OUTPUT_NAMES if n in left),
                fault=fault.id,
                title=fault.title,
                matched=both,
                of=either,
                by_place=True,
            )
            found.append(finding)
    return max(found, key=lambda f: f.matched / f.of, default=None)


def _unnamed(name: str, evidence: Iterable[Evidence]) -> Diagnosis:
    wrong = [e for e in evidence if name in e.failing]
    terms, matched = off(name, [(e.case, e.actual[name]) for e in wrong])
    return Diagnosis(outputs=(name,), fault=None, title=terms, matched=matched, of=len(wrong))
