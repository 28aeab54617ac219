"""Cases that nobody has seen: recipes of public ones, drawn anew from a secret seed.

A kernel that knows the public cases by their values does not know these; one that is right is
right on both, since the bounds come from an analysis and not from the values.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable
from dataclasses import replace

from conformance import catalogue
from conformance.case import LIMIT, Case
from conformance.catalogue.recipe import problem
from conformance.checking.trial import FRESH
from conformance.oracle.solve import solve

_LARGEST = 4096
"""Values of x up to which a case is drawn anew: it is solved on the spot."""


def siblings(ids: Iterable[str], most: int) -> list[tuple[str, Case]]:
    """Fresh cases from the recipes of some public ones, at most that many, chosen at random.

    Returns:
        Pairs of a public id and its fresh sibling, solved exactly.
    """
    wanted, salt = set(ids), secrets.token_hex(8)
    known = [
        (group, row)
        for group, row in catalogue.rows()
        if f"{group}/{row.name}" in wanted and row.limit == LIMIT
    ]
    small = [(g, r) for g, r in known if _size(r.recipe.shape) <= _LARGEST]
    chosen = random.SystemRandom().sample(small, min(most, len(small)))
    return [
        (
            f"{group}/{row.name}",
            solve(problem(group, replace(row, name=f"{row.name}{FRESH}{salt}"))),
        )
        for group, row in chosen
    ]


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size
