"""Tiers: parts of the catalogue that are run by themselves."""

from __future__ import annotations

SMOKE = (
    "combined/one-value-merged",
    "combined/square-no-running",
    "combined/test-float32",
    "combined/train-float64",
    "count/rows-65537",
    "empty/train-float64",
    "extremes/outlier-columns",
    "extremes/subnormal-x-float32",
    "half/scale-beyond-range",
    "memory/broadcast-train",
    "mixed/squares-overflow",
    "per-activation/train-steps",
)
"""A smallest set of cases that rejects every wrong kernel that any case rejects.

``conformance power`` finds it and checks that this one still does.
"""
