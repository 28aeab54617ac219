"""Cases that nobody has seen: recipes of public ones, drawn anew from a secret seed.

A kernel that knows the public cases by their values does not know these; one that is right is
right on both, since the bounds come from an analysis and not from the values.
"""

from __future__ import annotations

import math
import random
import secrets
from collections.abc import Iterable
from dataclasses import replace

from conformance.case import LIMIT, Case
from conformance.cases import catalogue
from conformance.cases.catalogue.recipe import problem
from conformance.checking.report import Fresh
from conformance.checking.trial import FRESH
from conformance.oracle.solve import solve
from conformance.verdict.record import COMPARED, RED, CaseResult

_MOST = {"smoke": 6, "standard": 40}
"""How many fresh cases each tier runs."""

_LARGEST = 4096
"""Values of x up to which a case is drawn anew: it is solved on the spot."""


def siblings(ids: Iterable[str], tier: str) -> list[tuple[str, Case]]:
    """Fresh cases from the recipes of some public ones, chosen at random.

    Args:
        ids: The public cases.
        tier: Decides how many at the most.

    Returns:
        Pairs of a public id and its fresh sibling, solved exactly.
    """
    wanted, salt = set(ids), secrets.token_hex(8)
    known = [
        (group, row)
        for group, row in catalogue.rows()
        if f"{group}/{row.name}" in wanted and row.limit == LIMIT
    ]
    small = [(g, r) for g, r in known if math.prod(r.recipe.shape) <= _LARGEST]
    chosen = random.SystemRandom().sample(small, min(_MOST[tier], len(small)))
    drawn = [(g, r, replace(r, name=f"{r.name}{FRESH}{salt}")) for g, r in chosen]
    return [(f"{g}/{r.name}", solve(problem(g, new))) for g, r, new in drawn]


def compared(secret: Iterable[tuple[str, CaseResult]], public: Iterable[CaseResult]) -> Fresh:
    """Hold fresh cases against their public siblings.

    Args:
        secret: Public ids, and what came of their fresh siblings.
        public: What came of the public cases.
    """
    known, fresh = {r.case: r.status for r in public}, list(secret)
    disagree = [(n, r) for n, r in fresh if r.status in RED and known[n] in COMPARED - RED]
    return Fresh(
        cases=len(fresh),
        disagree=tuple(name for name, _ in disagree),
        results=tuple(result for _, result in disagree),
    )


def notes(fresh: Fresh) -> tuple[str, ...]:
    """What a reader must know where fresh cases fail and their siblings pass."""
    if not fresh.disagree:
        return ()
    note = (
        f"{len(fresh.disagree)} of {fresh.cases} fresh cases fail where their public siblings "
        "pass: its error depends on the values, or it knows the public cases by value"
    )
    return (note,)
