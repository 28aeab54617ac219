"""Cases drawn inside a scope: where few stored ones lie in it, others are made that do.

A recipe of the catalogue is given another shape and channel axis, and where a predicate speaks of
them another eps, momentum or memory, until the call meets the scope.  Recipes of the smoke tier
come first: they are those that reject every known wrong kernel.  What is drawn is solved once the
answer is in, as fresh cases are, and an honest kernel is as right on it, for the same reason.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TypeAlias

from conformance import memory
from conformance.case import LIMIT, Memory, Problem
from conformance.cases import catalogue, tiers
from conformance.cases.catalogue.recipe import CaseRow, Recipe, problem
from conformance.cases.catalogue.stream import Stream
from conformance.checking.scope import Call, Scope
from conformance.errors import InputError
from conformance.float_types import FLOAT_TYPES, HALVES

GROUP = "within"
"""Group and first part of the id of a case that is drawn inside a scope."""

ENOUGH = 48
"""Cases that a scope should have compared, stored, fresh and drawn together."""

_USUAL = (1, 2, 3, 4, 5, 6, 7, 8, 16, 33)
_LARGEST = 1 << 20
"""Values of x that a drawn call may have at most."""

_MOST = 1 << 20
"""Values of x of all that is drawn at once, where one call does not need more."""

_FEW = 2
"""Values per channel that many kernels refuse, and that show little."""

_TRIES = 3000
"""Shapes that are tried for one call."""

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
    met: Met = {}
    hopeless: Counter[tuple[object, ...]] = Counter()
    cells = _cells(scope, dtype)
    attempts = zip(range(first, first + 4 * count), cycle(cells), strict=False) if cells else ()
    for number, cell in attempts:
        if hopeless[_alike(scope, cell)] >= _HOPELESS:
            continue
        found = _one(scope, cell, f"{seed}/within/{number}", number, met)
        if found is None:
            hopeless[_alike(scope, cell)] += 1
            if not made and sum(hopeless.values()) >= _IN_VAIN:
                break
        else:
            made.append(found)
            _remember(met, found)
        if len(made) == count or sum(each.inputs.x.size for each in made) > _MOST:
            break
    return made


_HOPELESS = 2
"""Attempts that may come to nothing on kinds of calls that no predicate tells apart."""

_IN_VAIN = 24
"""Attempts after which a scope is held to be one that no call meets."""


def _alike(scope: Scope, cell: Cell) -> tuple[object, ...]:
    """What the predicates of a scope can tell of a kind of calls."""
    words = _words(scope)
    types = cell.types if words & {"dtype", "parameters"} else ""
    arrays = {"training", "mode", "running", "gamma", "beta", "dy", "momentum"}
    return cell.rank, cell.last, types, cell.training if words & arrays else None


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


def _one(scope: Scope, cell: Cell, name: str, number: int, met: Met) -> Problem | None:
    """A problem of a kind, or None where none was found."""
    rows = _templates(cell)
    lots = Stream(name).words(4)
    for turn in range(min(_TURNS, len(rows))):
        row = rows[(number // 2 + turn * 7) % len(rows)]
        recipe = _met(scope, cell, row.recipe, f"{name}/{turn}", met)
        if recipe is None:
            continue
        made = _made(CaseRow(f"{number}~{lots[0]:016x}{lots[1]:016x}", row.catches, recipe))
        if made is not None and scope.why_not(Call.of(made.inputs)) is None:
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


def _met(scope: Scope, cell: Cell, recipe: Recipe, name: str, met: Met) -> Recipe | None:
    """The recipe with a shape, and whatever else predicates speak of, that meets the scope."""
    bare = replace(recipe, axis=cell.rank - 1 if cell.last else 1)
    words = Stream(name).words(_TRIES * _LOTS).tolist()
    special = _sizes(scope)
    for i in range(0, len(words), _LOTS):
        lots = words[i : i + _LOTS]
        shape = tuple(
            _size(special, met.get(a == bare.axis, ()), lots[a]) for a in range(cell.rank)
        )
        if math.prod(shape) <= _LARGEST:
            tried = _varied(scope, bare.but(shape=shape), lots)
            if scope.why_not(Call.of(tried)) is None:
                return _smaller(scope, tried, special, wanted=64 << lots[5] % 7)
    return None


def _smaller(scope: Scope, recipe: Recipe, special: Sequence[int], *, wanted: int) -> Recipe:
    """The recipe with shorter axes, as far as the scope has such calls: they are solved exactly."""
    sizes = sorted({*_USUAL, *special})
    for axis in [*range(len(recipe.shape))] * 2:
        for size in sizes:
            if math.prod(recipe.shape) <= wanted or size >= recipe.shape[axis]:
                break
            shape = (*recipe.shape[:axis], size, *recipe.shape[axis + 1 :])
            if math.prod(shape) <= _FEW * shape[recipe.axis]:  # type: ignore[index]  # one axis
                continue
            if scope.why_not(Call.of(recipe.but(shape=shape))) is None:
                recipe = recipe.but(shape=shape)
                break
    return recipe


_LOTS = 12


Met: TypeAlias = dict[bool, list[int]]
"""Sizes that calls inside the scope have had, of the channel axis and of all others."""


def _remember(met: Met, problem: Problem) -> None:
    for axis, size in enumerate(problem.inputs.x.shape):
        met.setdefault(axis in problem.inputs.channel_axes, []).append(size)


def _size(special: Sequence[int], met: Sequence[int], lot: int) -> int:
    """The size of an axis: one that met the scope before, or is usual, or in predicates."""
    if met and lot >> 1 & 1:
        return met[(lot >> 8) % len(met)]
    choice = special if special and lot % 2 else _USUAL
    return choice[(lot >> 8) % len(choice)]


def _sizes(scope: Scope) -> tuple[int, ...]:
    """Sizes near the numbers in a scope's predicates: multiples, neighbours and divisors."""
    numbers = {int(n) for p in scope.where for n in p.numbers if 1 <= n <= _LARGEST}
    joined = {a * b for a in numbers for b in numbers} | {a + b for a in numbers for b in numbers}
    near = {
        size
        for n in numbers | joined
        for size in (n - 1, n, n + 1, 2 * n, 3 * n, *_divisors(n))
        if 1 <= size <= _LARGEST
    }
    return tuple(sorted(near))


def _divisors(n: int) -> Iterator[int]:
    for d in range(2, min(n, 1024) + 1):
        if n % d == 0:
            yield from {d, n // d}


def _words(scope: Scope) -> set[str]:
    return {w for p in scope.where for w in re.findall("[A-Za-z_]+", p.text)}


def _varied(scope: Scope, recipe: Recipe, lots: Sequence[int]) -> Recipe:
    """The recipe with whatever else predicates speak of varied, by lot."""
    words = _words(scope)
    numbers = [n for p in scope.where for n in p.numbers]
    changes: dict[str, object] = {}
    for name, lot in zip(("eps", "momentum"), lots[6:8], strict=True):
        fit = [n for n in numbers if 0 < n <= 1]
        if name in words and fit and lot % 4:
            n = fit[(lot >> 8) % len(fit)]
            changes[name] = (n, n / 2, (n + 1) / 2)[lot % 4 - 1]
    for name, lot in zip(("gamma", "beta", "dy"), lots[8:11], strict=True):
        if name in words and lot % 2:
            changes[name] = None
    if "running" in words and recipe.training and lots[11] % 2:
        changes |= {"running_mean": None, "running_var": None, "earlier": 0}
    if "contiguous" in words:
        kinds: tuple[Memory, ...] = ("contiguous", "strided", "transposed", "reversed")
        changes["memory"] = kinds[(lots[11] >> 8) % len(kinds)]
    return recipe.but(**changes)


def _made(row: CaseRow) -> Problem | None:
    """The problem of a recipe; None where its values are none at this shape."""
    try:
        made = problem(GROUP, row)
        made = replace(made, limit=LIMIT)
        memory.require(made.inputs)
    except (ValueError, IndexError, ZeroDivisionError, InputError):
        return None
    return made
