"""Cases drawn inside a scope: where few stored ones lie in it, others are made that do.

A recipe of the catalogue is given another shape and channel axis, and where a predicate speaks of
them another eps, momentum or memory, until the call meets the scope.  Recipes of the smoke tier
come first: they are those that reject every known wrong kernel.  What is drawn is solved once the
answer is in, as fresh cases are, and an honest kernel is as right on it, for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

from conformance import memory
from conformance.case import LIMIT, Problem
from conformance.cases import catalogue, tiers
from conformance.cases.catalogue.recipe import CaseRow, problem
from conformance.cases.catalogue.stream import Stream
from conformance.checking.scope import Scope
from conformance.checking.shaping import Shaping
from conformance.errors import InputError
from conformance.float_types import FLOAT_TYPES, HALVES

GROUP = "within"
"""Group and first part of the id of a case that is drawn inside a scope."""

ENOUGH = 48
"""Cases that a scope should have compared, stored, fresh and drawn together."""

_MOST = 1 << 20
"""Values of x of all that is drawn at once, where one call does not need more."""

_ODD = frozenset({"extremes", "empty", "nonfinite", "count"})
"""Groups whose values or sizes make their point at one shape alone."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of calls that a scope may admit."""

    rank: int
    last: bool
    types: str
    training: bool


def drawn(scope: Scope, seed: str, *, dtype: str | None, count: int, first: int) -> list[Problem]:
    """Problems inside a scope, spread over all kinds of calls that it admits.

    Args:
        scope: Where they are to lie.
        seed: What they are drawn from.
        dtype: Only this type of x, or None.
        count: How many at most.
        first: The number of the first: others than those that were drawn under smaller ones.

    Returns:
        At most `count`; none where no call was found that meets the scope.
    """
    made: list[Problem] = []
    shaping = Shaping(scope)
    cells = _cells(scope, dtype)
    attempts = zip(range(first, first + 4 * count), cycle(cells), strict=False) if cells else ()
    for number, cell in attempts:
        found = _one(shaping, cell, f"{seed}/within/{number}", number)
        if found is not None:
            made.append(found)
        if len(made) == count or sum(each.inputs.x.size for each in made) > _MOST:
            break
    return made


def _cells(scope: Scope, dtype: str | None) -> list[Cell]:
    """Kinds of calls that types, ranks and modes admit; predicates are seen to call by call."""
    types = [
        name + more
        for name in FLOAT_TYPES
        if name in scope.dtypes
        for more in ("", *(["+float32"] if name in HALVES else []))
        if dtype in (None, name, name + more)
    ]
    modes = [True] + [False] * ({"training", "running_mean"} <= scope.takes)
    return [
        Cell(rank, last, each, training)
        for last in (False, True)
        for training in modes
        for each in types
        for rank in sorted(scope.ranks)
        if not (last and rank == 2)  # noqa: PLR2004 - the last axis is the second
    ]


def _one(shaping: Shaping, cell: Cell, name: str, number: int) -> Problem | None:
    """A problem of a kind, or None where none was found."""
    rows = _templates(cell)
    lots = Stream(name).words(4)
    axis = cell.rank - 1 if cell.last else 1
    for turn in range(min(_TURNS, len(rows))):
        row = rows[(number // 2 + turn * 7) % len(rows)]
        recipe = shaping.shaped(row.recipe, cell.rank, axis, f"{name}/{turn}")
        if recipe is None:
            continue
        made = _made(CaseRow(f"{number}~{lots[0]:016x}{lots[1]:016x}", row.catches, recipe))
        if made is not None and shaping.admits(made.inputs):
            return replace(made, id=f"{GROUP}/{number}")
    return None


_TURNS = 2


def _templates(cell: Cell) -> list[CaseRow]:
    """Rows whose recipes have the types of a kind of calls; those of the smoke tier come first."""
    usable = [
        (f"{group}/{row.name}", row)
        for group, row in catalogue.rows()
        if group not in _ODD
        and row.recipe.types == cell.types
        and row.recipe.training == cell.training
        and not isinstance(row.recipe.axis, tuple)
    ]
    telling = {*tiers.SMOKE}
    return [row for name, row in sorted(usable, key=lambda item: item[0] not in telling)]


def _made(row: CaseRow) -> Problem | None:
    """The problem of a recipe; None where its values are none at this shape."""
    try:
        made = problem(GROUP, row)
        made = replace(made, limit=LIMIT)
        memory.require(made.inputs)
    except (ValueError, IndexError, ZeroDivisionError, InputError):
        return None
    return made
