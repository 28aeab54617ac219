"""Any two choices of layout, axis, sizes, types, mode, eps, momentum, memory and what is absent."""

from __future__ import annotations

from conformance.cases.catalogue import pairs

ABOUT = "Combinations: any two choices of what a call is made of meet in some case."

ROWS = pairs.rows()
