"""The catalogue: which problems exist, and the mistake that each is there to catch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from conformance.case import Problem
from conformance.cases.catalogue.families import FAMILIES
from conformance.cases.catalogue.recipe import CaseRow, problem

__all__ = ["GROUPS", "problems"]

GROUPS: Mapping[str, str] = MappingProxyType(
    {name: family.ABOUT for name, family in FAMILIES.items()}
)
"""The name of each group and what it is about, in the order of the catalogue."""


def rows() -> tuple[tuple[str, CaseRow], ...]:
    """Every line of every family's table, with the name of its group; nothing is drawn yet."""
    return tuple((name, row) for name, family in FAMILIES.items() for row in family.ROWS)


@lru_cache(maxsize=1)
def problems() -> tuple[Problem, ...]:
    """All problems, in a fixed order: the same bytes on every machine.

    They are made once per process; their arrays are read-only.
    """
    return tuple(problem(name, row) for name, row in rows())
