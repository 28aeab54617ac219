"""Waiting until a file of a kernel changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from conformance.checking.named import Named

SECONDS = 0.3
"""Between two looks: editors write a file in several steps, and a look costs a few calls."""


def changed(known: Named, wait: Callable[[float], None] = time.sleep) -> None:
    """Return once a file of a kernel, or one that it imports, is another, and is left alone.

    Args:
        known: The kernel.
        wait: Waits that many seconds.
    """
    before = now = seen(known)
    while now == before:
        wait(SECONDS)
        now = seen(known)
    while True:
        wait(SECONDS)
        settled = seen(known)
        if settled == now:
            return
        now = settled


def seen(known: Named) -> tuple[object, ...]:
    """What tells that files changed: their digests, which are read and never run."""
    own = tuple((str(file), _stamp(file)) for file in known.files)
    return own, tuple(sorted(known.closure().files.items()))


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None  # an editor is between removing and writing it
    return found.st_mtime_ns, found.st_size
