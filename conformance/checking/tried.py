"""What became of one case that a kernel was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from conformance.case import Array, Case, Inputs, Outputs
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import SEVERITY, CaseResult, OutputResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one case.

    Attributes:
        result: The verdict.
        evidence: What a diagnosis needs.
        again: Outputs of an equal second call whose bits differ from the first.
    """

    result: CaseResult
    evidence: Evidence
    again: Mapping[str, Array]

    @property
    def without_arrays(self) -> Self:
        """The same without what came back and was given: large cases are many."""
        problem = self.evidence.case.problem
        problem = replace(problem, inputs=_without_values(problem.inputs))
        case = Case(problem=problem, expected=Outputs())
        evidence = Evidence(case=case, actual={}, results=self.evidence.results)
        return replace(self, evidence=evidence, again={})


def worse(one: OutputResult, other: OutputResult) -> OutputResult:
    """The worse of two verdicts on one output."""
    if SEVERITY.index(one.status) != SEVERITY.index(other.status):
        return min(one, other, key=lambda r: SEVERITY.index(r.status))
    if bool(one.edges) != bool(other.edges):  # a wrong value counts more than an edge
        return other if one.edges else one
    return max(one, other, key=lambda r: float("inf") if r.units is None else r.units)


def _without_values(inputs: Inputs) -> Inputs:
    """A call of the same shapes and types, whose arrays are one 0 each and take no memory."""
    given = inputs.given()
    return replace(
        inputs,
        **{n: np.broadcast_to(np.zeros((), a.dtype), a.shape) for n, a in given.items()},  # type: ignore[arg-type]  # all of them are arrays
        earlier=(),
    )
