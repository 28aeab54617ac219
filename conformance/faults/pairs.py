"""Two faults in one kernel, where no single one explains what came back.

Where only one of two shows, the answer is that one's, but for a few; only where both do are both
applied.  So nearly all pairs fall before anything is computed for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations

from conformance.faults.fault import Fault
from conformance.faults.hearing import CHANCES, Account, Cell, Hearing, Scope
from conformance.verdict.evidence import Evidence

_GLANCES = 3
"""Cases at which a pair is looked at before it is compared in earnest."""

_FEW = 32
"""At most one wrong cell of so many may be what two faults together do not give."""

_ODD = 4
"""At most one wrong cell of so many may be what no single one of a pair gives or changes."""


def pairs(
    hearing: Hearing,
    accounts: Iterable[Account],
    left: set[Cell],
    scopes: set[Scope],
    known: frozenset[str],
) -> Iterator[Account]:
    """Pairs that explain every wrong cell of some output in some scopes, and need both for it.

    Args:
        hearing: The evidence.
        accounts: How single faults fare on the sample.
        left: Wrong cells of the sample that nothing explains yet.
        scopes: Modes and types to look at.
        known: Ids of faults that the kernel has for certain: where one of them reaches what is
            left, it is one of the pair.
    """
    cases = [e for e in hearing.sample if e.scope in scopes]
    inside = {e.case.id for e in cases}
    wrong: dict[str, set[Cell]] = {}
    for cell in left:
        if cell[0] in inside:
            wrong.setdefault(cell[1], set()).add(cell)
    able = [a for a in accounts if len(a.against & inside) <= CHANCES and a.moved]
    sure = {
        a.ids for a in able if known.issuperset(a.ids) and any(a.moved & w for w in wrong.values())
    }
    for one, other in combinations(able, 2):
        if sure and not sure & {one.ids, other.ids}:
            continue
        faults = (*one.faults, *other.faults)
        near = [
            name
            for name, cells in wrong.items()
            if (doubts := _doubts(one, other, cells)) is not None
            and at_a_glance(hearing, faults, doubts)
        ]
        if near:
            least = {name: spare(faults, wrong[name]) for name in near}
            account = hearing.hear(faults, cases, whole=True, outputs=near, spare=least)
            if any(_more(account, (one, other), wrong[name], least[name]) for name in near):
                yield account


def spare(faults: Sequence[Fault], cells: Collection[Cell]) -> int:
    """How many wrong cells of an output several faults may leave: what is rounding alone.

    Without eps a constant channel is rounding error over rounding error, in any precision.
    """
    return len(cells) // _FEW if len(faults) > 1 else 0


def _doubts(one: Account, other: Account, cells: set[Cell]) -> list[set[Cell]] | None:
    """Wrong cells of an output in which two faults must be applied to know what both give.

    Returns:
        First those in which one alone is not what came back and the other alone changes nothing,
        then those that both change; None for faults that are no pair: one suffices, or one does
        nothing, or too much is what neither gives.
    """
    if cells <= one.agreed or cells <= other.agreed:
        return None
    first, second = cells & one.moved, cells & other.moved
    if not (first and second) and not _reaches(one, other, cells):
        return None
    alone = (first - second) - one.agreed | (second - first) - other.agreed
    odd = alone | (cells - first - second)
    return None if _ODD * len(odd) > len(cells) else [odd, first & second]


def _reaches(one: Account, other: Account, cells: set[Cell]) -> bool:
    """Whether the one of two that changes nothing of an output changes others of the same cases.

    Those in which the other alone is not what came back: there both together may change it.
    """
    moving, still = (one, other) if cells & one.moved else (other, one)
    missed = {case for case, _ in cells - moving.agreed}
    return bool(cells & moving.moved) and missed <= {case for case, _ in still.moved}


def _more(account: Account, alone: Sequence[Account], cells: set[Cell], least: int) -> bool:
    """Whether two faults explain more of an output than either: far more, where some is left."""
    single, both = (max(len(a.agreed & cells) for a in those) for those in (alone, (account,)))
    return both > (single if both == len(cells) else max(single + least, 2 * single))


def at_a_glance(hearing: Hearing, faults: tuple[Fault, ...], doubts: Sequence[set[Cell]]) -> bool:
    """Whether all at once come near to what came back where that is in doubt."""
    for cells in doubts:
        seen = sorted(cells, key=lambda cell: (_size(hearing.by_id[cell[0]]), cell))[:_GLANCES]
        if not all(_near(hearing, faults, cell) for cell in seen):
            return False
    return True


def _near(hearing: Hearing, faults: tuple[Fault, ...], cell: Cell) -> bool:
    e = hearing.by_id[cell[0]]
    return hearing.predict(faults, e).roughly(cell[1], e.actual[cell[1]])


def _size(e: Evidence) -> int:
    return int(e.case.inputs.x.size)
