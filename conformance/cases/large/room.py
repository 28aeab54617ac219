"""Calls that few machines have the memory for: which, how much they take, and what is told of them.

Nobody can draw them everywhere, so they have no stored digest, and where the memory is not they are
`not-run`.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from conformance.cases.catalogue.recipe import CaseRow, Recipe

BYTES = 144
"""Bytes for each value of x at the peak, kernel and grader together, as measured at 10^7 values in
float32 with gradients."""

FLAT = 2**31
"""Values from which on an index in 32 bits wraps."""

_RECIPE = Recipe(types="float16+float32", dy=None)
_GIB = 1 << 30
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")

ROWS = (
    CaseRow(
        "2147483656x1-float16-float32",
        "A flat index in 32 bits, in a batch of 2^31 + 8 values of one channel.",
        _RECIPE.but(shape=(FLAT + 8, 1)),
    ),
    CaseRow(
        "2049x1024x32x32-test-float16-float32",
        "A flat index in 32 bits, in images of 2^31 + 2^20 values.",
        _RECIPE.but(shape=(2049, 1024, 32, 32)).test,
    ),
)
"""The calls."""


def lacking(row: CaseRow) -> str | None:
    """Why this machine cannot make a call; None where it can."""
    wanted, here = math.prod(row.recipe.shape) * BYTES, memory()
    if wanted <= _GIB or (here is not None and wanted <= here):
        return None
    there = "this system does not say what it has" if here is None else f"here are {_gib(here)}"
    return f"it takes about {_gib(wanted)} of memory; {there}"


def memory() -> int | None:
    """Bytes of memory that a process may have here; None where the system does not say."""
    try:
        found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):
        return None
    for file in map(Path, _LIMITS):
        text = file.read_text(encoding="ascii").strip() if file.is_file() else ""
        found += [int(text)] if text.isdigit() else []
    return min(found)


def _gib(size: int) -> str:
    return f"{size / _GIB:.0f} GiB"
