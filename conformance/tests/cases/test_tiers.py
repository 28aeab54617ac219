"""Tiers: which cases they hold, and what becomes of an empty selection."""

from __future__ import annotations

import pytest

from conformance.cases import golden, tiers
from conformance.errors import SelectionError


def test_the_smoke_tier_is_small_and_exists() -> None:
    """At most half of the cases, each of them in the catalogue."""
    assert len(tiers.SMOKE) <= len(golden.manifest().entries) // 2
    assert sorted(tiers.select("smoke")) == sorted(tiers.SMOKE)


def test_the_standard_tier_is_the_catalogue() -> None:
    """Without a choice every case is run."""
    assert tiers.select("standard") == golden.select()


def test_tier_and_pattern_both_hold() -> None:
    """A pattern chooses within the tier, and a choice of nothing is an error."""
    left_out = next(name for name in golden.select() if name not in tiers.SMOKE)
    assert tiers.select("smoke", ["combined/*"]) == [c for c in tiers.SMOKE if "combined" in c]
    with pytest.raises(SelectionError, match=r"none of the .* matching cases is in the tier"):
        tiers.select("smoke", [f"{left_out}*"])
