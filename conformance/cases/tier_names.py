"""What the tiers are called; `conformance.cases.tiers` has their cases."""

from __future__ import annotations

SMOKE, STANDARD = "smoke", "standard"

STORED = (SMOKE, STANDARD)
"""Parts of the stored cases: the fewest that reject all known faults, and all."""

LARGE = "large"
"""The tier that goes on, behind all stored cases, to those of `conformance.cases.large`."""
