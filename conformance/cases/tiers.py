"""Tiers: parts of the catalogue that are run by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from conformance.cases import golden, kills, tier_names
from conformance.errors import SelectionError

SMOKE = tuple(sorted({case for chosen in kills.table().smoke.values() for case in chosen}))
"""For every kind of calls, by axes, types, mode and layout, the fewest cases that reject every
wrong kernel which any case of that kind rejects, in every output in which it does.

``conformance power`` finds them and checks that they still do.
"""

TIERS: Mapping[str, tuple[str, ...] | None] = MappingProxyType(
    {tier_names.SMOKE: SMOKE, tier_names.STANDARD: None}
)
"""The stored cases of every tier by its name; None is the whole catalogue."""


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
