"""What the tiers are called; `conformance.cases.tiers` has their cases."""

from __future__ import annotations

SMOKE, STANDARD = "smoke", "standard"

STORED = (SMOKE, STANDARD)
"""Parts of the stored cases: the fewest that reject all known faults, and all."""

DEPLOYED = "deployed"
"""The tier of exported, folded and converted models, and the folder of its golden files."""

LARGE = "large"
"""The tier that goes on, behind all stored cases, to those of `conformance.cases.large`."""
