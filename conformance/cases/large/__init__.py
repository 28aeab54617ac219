"""The large tier: calls of every size, made when they are asked and never stored.

Values come from the exact stream, so that they are the same everywhere; `digests.json` says what
they are, and a machine on which they are not says so before anything is compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from conformance.case import Problem
from conformance.cases.catalogue.recipe import CaseRow, problem
from conformance.cases.golden.listing import matches
from conformance.cases.large import beyond, digests, room
from conformance.cases.large.recipes import GROUP, designed
from conformance.cases.large.room import lacking

EXPLAINED = 1 << 16
"""Values of x up to which what a large call shows is compared with known faults."""

__all__ = ["EXPLAINED", "GROUP", "digest", "lacking", "made", "rows", "select", "twin"]


@cache
def rows() -> tuple[CaseRow, ...]:
    """Every row; nothing is drawn yet."""
    return (*designed(), *beyond.ROWS, *room.ROWS)


def select(patterns: Iterable[str] | None = None, dtype: str | None = None) -> tuple[CaseRow, ...]:
    """The rows that match, in their order; none where none does.

    Args:
        patterns: Ids, globs or parts of ids, as `conformance.cases.golden.select` takes them.
        dtype: Only this type of x, with or without that of the parameters.
    """
    known = {f"{GROUP}/{row.name}": row for row in rows()}
    chosen = {*known} if patterns is None else {i for p in patterns for i in matches(p, known)}
    return tuple(
        row
        for name, row in known.items()
        if name in chosen and dtype in (None, row.recipe.types, row.recipe.types.split("+")[0])
    )


def digest() -> str:
    """What stands for all rows, and for their values where these are known everywhere."""
    told = json.dumps([[row.name, digests.known().get(row.name)] for row in rows()])
    return hashlib.sha256(told.encode()).hexdigest()


def twin(row: CaseRow) -> Problem:
    """The problem of a row with two values along every axis, where the same outputs are due."""
    return problem(GROUP, replace(row, recipe=row.recipe.but(shape=(2,) * len(row.recipe.shape))))


def made(row: CaseRow) -> Problem:
    """The problem of a row, drawn anew: nothing of it is kept.

    Raises:
        GoldenFileError: its values are not those that it has everywhere.
    """
    found = problem(GROUP, row)
    if row not in room.ROWS:
        digests.require(row.name, found.inputs)
    return found
