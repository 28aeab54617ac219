"""The families of deployed problems: a module each, with `ABOUT` and the table `ROWS`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from conformance.cases.deployed.families import (
    conv,
    conv_transpose,
    linear,
    lone,
    norm_first,
    ranges,
    shared,
    sums,
)
from conformance.cases.deployed.recipe import DeployedRow

__all__ = ["FAMILIES", "Family"]


class Family(Protocol):
    """What a module of this package holds."""

    @property
    def ABOUT(self) -> str:  # noqa: N802 - a constant of the module
        """What the problems have in common, in one sentence."""

    @property
    def ROWS(self) -> tuple[DeployedRow, ...]:  # noqa: N802 - a constant of the module
        """The problems."""


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "lone": lone,
        "linear": linear,
        "conv": conv,
        "conv-transpose": conv_transpose,
        "norm-first": norm_first,
        "shared": shared,
        "sums": sums,
        "ranges": ranges,
    }
)
"""Every family by the name of its group, in the order of the catalogue."""
