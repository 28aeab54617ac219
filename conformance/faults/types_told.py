"""Outputs of a wrong type: told apart from wrong values, which may be there as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Array, Dialect
from conformance.faults import FAULTS
from conformance.float_types import FLOAT_TYPES
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler

_SEQUENTIAL = 8
"""Values per error unit that adding one after the other may cost, as in the ruler."""

_PROMOTED = "output-dtype-promoted"


@dataclass(slots=True)
class _Misfits:
    """The wrong types of one output."""

    got: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    cases: int = 0
    right: int = 0


def without_types(
    evidence: Sequence[Evidence], dialect: Dialect
) -> tuple[list[Diagnosis], list[Evidence]]:
    """What is to be said of types, and the evidence as if each output had the type that is due.

    Args:
        evidence: What a kernel did.
        dialect: Its conventions.

    Returns:
        A finding for each output that has a wrong type, and the evidence on its values: an
        output whose type alone is wrong is right there.
    """
    found: dict[str, _Misfits] = {}
    values = [_valued(e, dialect, found) for e in evidence]
    named = [name for name in OUTPUT_NAMES if name in found]
    return [_told(name, found[name], _is_kept(name, evidence)) for name in named], values


def _is_kept(name: str, evidence: Iterable[Evidence]) -> bool:
    """Whether an output has a type other than float64 where that is due."""
    due = (e for e in evidence if name in e.right)
    return any(e.case.inputs.dtype_of(name) != np.float64 for e in due)


def _valued(e: Evidence, dialect: Dialect, found: dict[str, _Misfits]) -> Evidence:
    wrong = [n for n in sorted(e.failing) if _is_retyped(e, n)]
    if not wrong:
        return e
    ruler, actual, results = Ruler(e.case, dialect), dict(e.actual), dict(e.results)
    for name in wrong:
        got, due = actual[name], e.case.inputs.dtype_of(name)
        misfits = found.setdefault(name, _Misfits())
        misfits.got.add(str(got.dtype))
        misfits.due.add(str(due))
        misfits.cases += 1
        with np.errstate(all="ignore"):
            actual[name] = got.astype(due)
        narrower = min(got, actual[name], key=lambda a: a.dtype.itemsize)
        edges = ruler.judge({name: actual[name]})[name].edges
        if is_of_correct_kernels(edges) or _holds(ruler, name, narrower, e):
            misfits.right += 1
            results[name] = OutputResult(status=Status.PASS, grade="A", units=0.0)
    return replace(e, actual=actual, results=results)


def _is_retyped(e: Evidence, name: str) -> bool:
    got, inputs = e.actual[name], e.case.inputs
    known = str(got.dtype) in FLOAT_TYPES
    reason = e.results[name].reason or ""
    return known and got.shape == inputs.shape_of(name) and " has type " in reason


def _holds(ruler: Ruler, name: str, got: Array, e: Evidence) -> bool:
    """Whether the values are right, as exactly as the narrower of both types has them."""
    right, wide = ruler.due[name], np.asarray(got, dtype=np.float64)
    limit = e.case.problem.limit + e.case.inputs.count / _SEQUENTIAL
    with np.errstate(all="ignore"):
        near = np.abs(wide - right) <= limit * ruler.unit(name, got.dtype)
    return bool((near | (wide == right) | (np.isnan(wide) & np.isnan(right))).all())


def _told(name: str, found: _Misfits, is_kept: bool) -> Diagnosis:  # noqa: FBT001 - private
    fault = FAULTS[_PROMOTED]
    is_promoted = name in fault.touches and found.got == {"float64"} and not is_kept
    if is_promoted and found.right == found.cases:
        return _said(name, fault.id, fault.title, found)
    said = f"its type is {_or(found.got)} where {_or(found.due)} is due"
    rest = "; its values are right" if found.right else "; its values are wrong as well"
    return _said(name, None, said + rest, found)


def _said(name: str, fault: str | None, title: str, found: _Misfits) -> Diagnosis:
    matched = found.right or found.cases
    return Diagnosis(outputs=(name,), fault=fault, title=title, matched=matched, of=found.cases)


def _or(names: Iterable[str]) -> str:
    return " or ".join(sorted(names))
