"""What a kernel did on one case, as a diagnosis reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest

import numpy as np

from conformance.case import Actual, Case
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.verdict.record import OutputResult, Status

_RIGHT = frozenset({Status.PASS, Status.DEGRADED})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One case, what a kernel returned for it, and the verdict.

    Attributes:
        case: The case.
        actual: What came back, by output name; empty where nothing did.
        results: The verdict on every output that is due.
        again: Outputs of an equal second call whose bits differ from the first; empty where
            there was none.
    """

    case: Case
    actual: Actual
    results: Mapping[str, OutputResult]
    again: Actual = field(default_factory=dict)

    @cached_property
    def ordinary(self) -> bool:
        """Whether all inputs are finite and no variance is negative."""
        inputs = self.case.inputs
        given = (inputs.x, inputs.dy, inputs.running_mean, inputs.running_var)
        finite = all(np.isfinite(a.astype(np.float64)).all() for a in given if a is not None)
        return finite and not (inputs.running_var is not None and (inputs.running_var < 0).any())

    @cached_property
    def failing(self) -> frozenset[str]:
        """Outputs that came back and are wrong, and were not expected to be."""
        failed = ((n, r.edges) for n, r in self.results.items() if r.status is Status.FAIL)
        told = frozenset(n for n, edges in failed if not is_of_correct_kernels(edges))
        return told & self.actual.keys()

    @cached_property
    def right(self) -> frozenset[str]:
        """Outputs that came back and were not refused."""
        passed = (n for n, r in self.results.items() if r.status in _RIGHT)
        return frozenset(name for name in passed if name in self.actual)

    @cached_property
    def scope(self) -> tuple[str, str]:
        """Mode and type of x: kernels have a path of their own for each."""
        return self.case.inputs.mode, str(self.case.inputs.x.dtype)


def spread_over_groups(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The first of every group, then the second of every group, and so on."""
    groups: dict[str, list[Evidence]] = {}
    for e in evidence:
        groups.setdefault(e.case.problem.group, []).append(e)
    return [e for row in zip_longest(*groups.values()) for e in row if e is not None]
