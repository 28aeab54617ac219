"""Recipes of the catalogue in a shape, and with whatever else a scope speaks of, that it admits.

Shapes are tried by lot.  What a scope says is read once, sizes that it admitted are tried again,
and kinds of calls that no predicate tells apart are given up together.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from conformance.case import Inputs, Memory
from conformance.cases.catalogue.recipe import Recipe
from conformance.cases.catalogue.stream import Stream
from conformance.checking.scope import Call, Scope

_Kind: TypeAlias = tuple[int, int, str, bool | None]

_USUAL = (1, 2, 3, 4, 5, 6, 7, 8, 16, 33)
_LARGEST = 1 << 20
"""Values of x that a call may have at most."""

_FEW = 2
"""Values per channel that many kernels refuse, and that show little."""

_TRIES = 3000
"""Shapes that are tried for one recipe."""

_LOTS = 12
"""Lots that are drawn for each: an axis has one, and so has all that may be varied."""

_HOPELESS = 4
"""Recipes that may be tried in vain on kinds of calls that no predicate tells apart."""

_IN_VAIN = 48
"""Recipes after which a scope is held to be one that no call meets."""


class Shaping:
    """The search for calls of one scope, which knows what it found and where it found nothing."""

    def __init__(self, scope: Scope) -> None:
        """Nothing is tried yet.

        Args:
            scope: Where the calls are to lie.
        """
        self._scope = scope
        self._words = {w for p in scope.where for w in re.findall("[A-Za-z_]+", p.text)}
        self._numbers = [n for p in scope.where for n in p.numbers]
        self._special = _near({int(n) for n in self._numbers if 1 <= n <= _LARGEST})
        self._met: dict[bool, list[int]] = {}
        self._vain: Counter[_Kind] = Counter()

    def admits(self, asked: Inputs | Recipe) -> bool:
        """Whether a call lies in the scope."""
        return self._scope.why_not(Call.of(asked)) is None

    def shaped(self, recipe: Recipe, rank: int, axis: int, name: str) -> Recipe | None:
        """A recipe that meets the scope, or None where none was found.

        Args:
            recipe: What it is made from.
            rank: How many axes it is to have.
            axis: Its channel axis.
            name: What the lots are drawn from.
        """
        kind = self._kind(recipe, rank, axis)
        if self._vain[kind] >= _HOPELESS or (not self._met and self._vain.total() >= _IN_VAIN):
            return None
        given = {n: getattr(recipe, n) for n in ("gamma", "beta") if n in self._scope.takes}
        bare = recipe.but(axis=axis, **{"gamma": None, "beta": None, **given})
        words = Stream(name).words(_TRIES * _LOTS).tolist()
        for i in range(0, len(words), _LOTS):
            lots = words[i : i + _LOTS]
            shape = tuple(self._size(lots[a], of_channels=a == axis) for a in range(rank))
            if math.prod(shape) <= _LARGEST:
                tried = self._varied(bare.but(shape=shape), lots)
                if self.admits(tried):
                    return self._kept(self._smaller(tried, wanted=64 << lots[5] % 7))
        self._vain[kind] += 1
        return None

    def _kind(self, recipe: Recipe, rank: int, axis: int) -> _Kind:
        """What the predicates can tell of the calls that a recipe may be made into."""
        types = recipe.types if self._words & {"dtype", "parameters"} else ""
        modes = {"training", "mode", "running", "gamma", "beta", "dy", "momentum"}
        return rank, axis, types, recipe.training if self._words & modes else None

    def _kept(self, recipe: Recipe) -> Recipe:
        for axis, size in enumerate(recipe.shape):
            self._met.setdefault(axis == recipe.axis, []).append(size)
        return recipe

    def _size(self, lot: int, *, of_channels: bool) -> int:
        """The size of an axis: one that met the scope before, or is usual, or in predicates."""
        met = self._met.get(of_channels, ())
        if met and lot >> 1 & 1:
            return met[(lot >> 8) % len(met)]
        choice = self._special if self._special and lot % 2 else _USUAL
        return choice[(lot >> 8) % len(choice)]

    def _varied(self, recipe: Recipe, lots: Sequence[int]) -> Recipe:
        """The recipe with whatever else predicates speak of varied, by lot."""
        changes: dict[str, object] = {}
        fit = [n for n in self._numbers if 0 < n <= 1]
        for name, lot in zip(("eps", "momentum"), lots[6:8], strict=True):
            if name in self._words and fit and lot % 4:
                n = fit[(lot >> 8) % len(fit)]
                changes[name] = (n, n / 2, (n + 1) / 2)[lot % 4 - 1]
        for name, lot in zip(("gamma", "beta", "dy"), lots[8:11], strict=True):
            if name in self._words and lot % 2:
                changes[name] = None
        if "running" in self._words and recipe.training and lots[11] % 2:
            changes |= {"running_mean": None, "running_var": None, "earlier": 0}
        if "contiguous" in self._words:
            kinds: tuple[Memory, ...] = ("contiguous", "strided", "transposed", "reversed")
            changes["memory"] = kinds[(lots[11] >> 8) % len(kinds)]
        return recipe.but(**changes)

    def _smaller(self, recipe: Recipe, *, wanted: int) -> Recipe:
        """The recipe with shorter axes, where the scope has such calls: they are solved exactly."""
        sizes = sorted({*_USUAL, *self._special})
        for axis in [*range(len(recipe.shape))] * 2:
            for size in sizes:
                if math.prod(recipe.shape) <= wanted or size >= recipe.shape[axis]:
                    break
                shape = (*recipe.shape[:axis], size, *recipe.shape[axis + 1 :])
                if math.prod(shape) <= _FEW * shape[recipe.axis]:  # type: ignore[index]  # one axis
                    continue
                if self.admits(recipe.but(shape=shape)):
                    recipe = recipe.but(shape=shape)
                    break
        return recipe


def _near(numbers: set[int]) -> tuple[int, ...]:
    """Sizes near numbers, their sums and products: multiples, neighbours and divisors."""
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
