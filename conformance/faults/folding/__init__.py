"""Faults of deployment: what a block becomes where it is folded wrongly, and which one it is."""
