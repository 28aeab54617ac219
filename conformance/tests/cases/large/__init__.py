"""Tests of the large tier: the design, the recipes, and what they draw."""
