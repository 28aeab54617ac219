"""Tiers: parts of the catalogue that are run by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from conformance.cases import golden
from conformance.errors import SelectionError

SMOKE = (
    "combined/one-value-merged",
    "combined/square-no-running",
    "combined/test-float32",
    "combined/train-float64",
    "count/rows-65537",
    "empty/train-float64",
    "extremes/outlier-columns",
    "extremes/subnormal-x-float32",
    "memory/broadcast-train",
    "mixed/running-variance-overflows-bfloat16",
    "mixed/squares-overflow",
    "per-activation/train-steps",
)
"""A smallest set of cases that rejects every wrong kernel that any case rejects.

``conformance power`` finds it and checks that this one still does.
"""

TIERS: Mapping[str, tuple[str, ...] | None] = MappingProxyType({"smoke": SMOKE, "standard": None})
"""The cases of every tier by its name; None is the whole catalogue."""


def select(tier: str, pattern: Iterable[str] | None = None) -> list[str]:
    """The ids of a tier that match, in the manifest's order.

    Args:
        tier: A name of `TIERS`.
        pattern: As for `conformance.cases.golden.select`.

    Raises:
        SelectionError: nothing matches, or nothing of what matches is in the tier.
        GoldenFileError: the manifest is missing or damaged.
    """
    members = TIERS[tier]
    matching = golden.select(pattern)
    chosen = [name for name in matching if members is None or name in members]
    if not chosen:
        raise SelectionError(
            f"none of the {len(matching)} matching cases is in the tier {tier!r}. "
            "Leave --tier or --case out."
        )
    return chosen
