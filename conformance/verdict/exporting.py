"""A case with all that whoever judges without this package needs, and whether it still has that."""

from __future__ import annotations

from conformance.case import Case
from conformance.cases.exported.content import Exported
from conformance.cases.golden import content
from conformance.oracle.edges import Edges
from conformance.oracle.stated import stated


def with_bounds(case: Case) -> Exported:
    """A case with its bounds, and with the edges that it poses."""
    return Exported(case=case, bounds=stated(case), edges=Edges(case.inputs, case.expected).posed)


def differing(found: Exported, digest: str) -> list[str]:
    """What of an exported case is not what would be exported today: names of its parts.

    Args:
        found: The case as it was read.
        digest: The digest of the golden case.
    """
    if content.digest(found.case) != digest:
        return ["sha256"]
    anew = with_bounds(found.case)
    names = sorted(found.bounds.keys() | anew.bounds.keys())
    same = {
        name
        for name in found.bounds.keys() & anew.bounds.keys()
        if found.bounds[name].dtype == anew.bounds[name].dtype
        and found.bounds[name].tobytes() == anew.bounds[name].tobytes()
    }
    edges = [] if found.edges == anew.edges else ["edges"]
    return [*edges, *(name for name in names if name not in same)]
