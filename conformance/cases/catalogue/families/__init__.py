"""The families of problems: a module each, with `ABOUT` and the table `ROWS`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from conformance.cases.catalogue.families import (
    affine,
    combinations,
    combined,
    constant,
    count,
    decimal,
    dense,
    empty,
    eps,
    evaluation,
    exact,
    extremes,
    half,
    masks,
    memory,
    mixed,
    momentum,
    nonfinite,
    offset,
    per_activation,
    seeds,
    sequence,
    small_variance,
    sparse,
    spatial,
    upstream,
    volumetric,
    width,
)
from conformance.cases.catalogue.recipe import CaseRow

__all__ = ["FAMILIES", "Family"]


class Family(Protocol):
    """What a module of this package holds."""

    @property
    def ABOUT(self) -> str:  # noqa: N802 - a constant of the module
        """What the problems have in common, in one sentence."""

    @property
    def ROWS(self) -> tuple[CaseRow, ...]:  # noqa: N802 - a constant of the module
        """The problems."""


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "dense": dense,
        "spatial": spatial,
        "volumetric": volumetric,
        "per-activation": per_activation,
        "test-mode": evaluation,
        "small-variance": small_variance,
        "affine": affine,
        "memory": memory,
        "upstream": upstream,
        "momentum": momentum,
        "sequence": sequence,
        "eps": eps,
        "decimal": decimal,
        "count": count,
        "width": width,
        "offset": offset,
        "constant": constant,
        "sparse": sparse,
        "exact": exact,
        "half": half,
        "mixed": mixed,
        "extremes": extremes,
        "nonfinite": nonfinite,
        "empty": empty,
        "masks": masks,
        "seeds": seeds,
        "combined": combined,
        "combinations": combinations,
    }
)
"""Every family by the name of its group, in the order of the catalogue."""
