"""Two faults in one kernel, where no single one explains what came back.

Where only one of two shows, the answer must be that one's; only where both do are both applied.
So nearly all pairs fall before anything is computed for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from conformance.faults.evidence import Evidence
from conformance.faults.fault import Fault
from conformance.faults.hearing import Account, Cell, Hearing, Scope

_GLANCES = 3
"""Cases at which a pair is looked at before it is compared in earnest."""


def pairs(
    hearing: Hearing, accounts: Iterable[Account], left: set[Cell], scopes: set[Scope]
) -> Iterator[Account]:
    """Pairs that explain every wrong cell of some output in some scopes, and need both for it.

    Args:
        hearing: The evidence.
        accounts: How single faults fare on the sample.
        left: Wrong cells of the sample that nothing explains yet.
        scopes: Modes and types to look at.
    """
    cases = [e for e in hearing.sample if e.scope in scopes]
    inside = {e.case.id for e in cases}
    wrong = {cell for cell in left if cell[0] in inside}
    able = [a for a in accounts if not a.refuted & scopes and a.shows & wrong]
    for one, other in combinations(able, 2):
        outputs = _possible(one, other, wrong)
        if outputs and _at_a_glance(hearing, (one, other), outputs, wrong):
            account = hearing.hear((*one.faults, *other.faults), cases)
            if not account.refuted & scopes:
                yield account


def _possible(one: Account, other: Account, wrong: set[Cell]) -> list[str]:
    """Outputs in which every wrong cell can be what two faults give, and none is needless."""
    found = []
    for name in {name for _, name in wrong}:
        cells = {cell for cell in wrong if cell[1] == name}
        alone, by_other = cells & one.shows - other.shows, cells & other.shows - one.shows
        if cells - one.shows - other.shows:
            continue
        needless = cells <= one.agreed or cells <= other.agreed
        if not needless and alone <= one.agreed and by_other <= other.agreed:
            found.append(name)
    return found


def _at_a_glance(
    hearing: Hearing, both: Sequence[Account], outputs: Iterable[str], wrong: set[Cell]
) -> bool:
    """Whether both at once come near to what came back, in some output."""
    one, other = both
    faults = (*one.faults, *other.faults)
    for name in outputs:
        joint = [c for c in wrong if c[1] == name and c in one.shows and c in other.shows]
        seen = sorted(joint, key=lambda cell: _size(hearing.by_id[cell[0]]))[:_GLANCES]
        if all(_near(hearing, faults, cell) for cell in seen):
            return True
    return False


def _near(hearing: Hearing, faults: tuple[Fault, ...], cell: Cell) -> bool:
    e = hearing.by_id[cell[0]]
    return hearing.predict(faults, e).roughly(cell[1], e.actual[cell[1]])


def _size(e: Evidence) -> int:
    return int(e.case.inputs.x.size)
