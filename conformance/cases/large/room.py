"""Calls that few machines have the memory for: which, how much they take, and what is told of them.

Nobody can draw them everywhere, so they have no stored digest, and where the memory is not they are
`not-run`.
"""

from __future__ import annotations

import math
from pathlib import Path

from conformance.cases.catalogue.recipe import CaseRow, Recipe

BYTES = 144
"""Bytes for each value of x at the peak, kernel and grader together, as measured at 10^7 values in
float32 with gradients."""

_SECONDS = 1e-6
"""Seconds for each value of x that a kernel has at the least: a plain numpy one takes a tenth."""

FLAT = 2**31
"""Values from which on an index in 32 bits wraps."""

_RECIPE = Recipe(types="float16+float32", dy=None)
_GIB = 1 << 30
_FREE = "/proc/meminfo"
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


def lacking(row: CaseRow, *, gib: float = 0.0, seconds: float = math.inf) -> str | None:
    """Why a call cannot be made; None where it can.

    Args:
        row: The call.
        gib: What a kernel may take of memory; 0 for all that there is.
        seconds: How long it may take.
    """
    if row not in ROWS:
        return None
    values = math.prod(row.recipe.shape)
    wanted, here = values * BYTES, memory()
    if here is None or here < wanted:
        there = "this system does not say what it has" if here is None else f"here are {_gib(here)}"
        return f"it takes about {_gib(wanted)} of memory; {there}"
    if gib and gib * _GIB < wanted:
        return f"a kernel may take {gib:g} GiB; give --memory-gib 0"
    if seconds < values * _SECONDS:
        return f"it may take {seconds:g} s; give --timeout {values * _SECONDS:.0f}"
    return None


def memory() -> int | None:
    """Bytes of memory that are free here; None where the system does not say."""
    found = [
        int(line.split()[1]) << 10 for line in _lines(_FREE) if line.startswith("MemAvailable")
    ]
    for file in _LIMITS:
        found += [int(line) for line in _lines(file) if line.isdigit()]
    return min(found, default=None)


def _lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="ascii").splitlines() if Path(file).is_file() else []


def _gib(size: int) -> str:
    return f"{size / _GIB:.0f} GiB"
