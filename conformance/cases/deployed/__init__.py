"""The deployed catalogue: batch normalization in test mode among what it is folded into."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from conformance import adapter, places
from conformance.case import Problem
from conformance.cases import tier_names
from conformance.cases.deployed.families import FAMILIES
from conformance.cases.deployed.recipe import problem

__all__ = ["GROUPS", "folder", "folder_of", "problems"]

GROUPS: Mapping[str, str] = MappingProxyType(
    {name: family.ABOUT for name, family in FAMILIES.items()}
)
"""The name of each group and what it is about, in the order of the catalogue."""


def folder(home: Path | None = None) -> Path:
    """Where its golden files lie, in the folder of all of this installation or in another."""
    return (home or places.folder("fixtures")) / tier_names.DEPLOYED


def folder_of(adapter_home: Path) -> Path | None:
    """The golden files that an adapter's paths are held to; None for those of all else."""
    return folder() if adapter.is_deployed(adapter_home) else None


@lru_cache(maxsize=1)
def problems() -> tuple[Problem, ...]:
    """All problems, in a fixed order: the same bytes on every machine."""
    return tuple(problem(name, row) for name, family in FAMILIES.items() for row in family.ROWS)
