"""Which results pose which edges."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.oracle.edges.contracts import EDGES
from conformance.verdict.record import CaseResult


def posing(cases: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Every edge that a case poses, in the order of `EDGES`, with the cases that do.

    Edges that this version does not know come last, by name: a record may be of another.
    """
    found: dict[str, list[CaseResult]] = {}
    for case in cases:
        for edge in case.edges:
            found.setdefault(edge, []).append(case)
    order = [*EDGES, *sorted(found.keys() - EDGES.keys())]
    return {edge: found[edge] for edge in order if edge in found}
