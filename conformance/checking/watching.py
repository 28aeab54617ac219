"""Waiting until a file of a kernel changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from conformance.checking.named import Named

SECONDS = 0.3
"""Between two looks: editors write a file in several steps, and a look costs a few calls."""


State: TypeAlias = tuple[object, ...]
"""What tells that files changed."""


def changed(known: Named, before: State, wait: Callable[[float], None] = time.sleep) -> State:
    """Return once a file of a kernel, or one that it imports, is another, and is left alone.

    Args:
        known: The kernel.
        before: What was seen before the kernel was last read: a change since then counts too.
        wait: Waits that many seconds.

    Returns:
        What is there now.
    """
    now = seen(known)
    while now == before:
        wait(SECONDS)
        now = seen(known)
    while True:
        wait(SECONDS)
        settled = seen(known)
        if settled == now:
            return now
        now = settled


def seen(known: Named) -> State:
    """What tells that files changed: their digests, which are read and never run."""
    own = tuple((str(file), _stamp(file)) for file in known.files)
    return own, tuple(sorted(known.closure().files.items()))


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None  # an editor is between removing and writing it
    return found.st_mtime_ns, found.st_size
