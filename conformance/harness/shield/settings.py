"""What the near side tells a launcher, and what it is told: two lines of JSON, one each way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

GIB = 1 << 30

LOADING_BYTES = GIB
"""What loading a framework may take, beyond what a kernel may allocate."""

DISK_BYTES = 8 * GIB
"""What a worker and all that it starts may write."""

PROCESSES = 512
"""How many processes a worker may have at a time; a compiler's pool has one per CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a worker is to be shielded.

    Attributes:
        temporary: Its folder for temporary files, removed at its end.
        caches: Folders of compile caches, in which it may write too.
        hidden: Folders that it may not read, beside those of the package.
        told: The file descriptor on which it says what is on, and why it was ended.
        memory_bytes: What it may allocate with all that it starts; 0 for no limit.
        disk_bytes: What it may write with all that it starts.
        processes: How many processes it may have.
        left_out: Protections that are not even tried, for tests.
    """

    temporary: str
    told: int
    caches: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    memory_bytes: int = 0
    disk_bytes: int = DISK_BYTES
    processes: int = PROCESSES
    left_out: tuple[str, ...] = ()

    def encode(self) -> str:
        """One line of text that `decode` undoes."""
        return json.dumps(asdict(self))


def decode(text: str) -> Settings:
    """Undo `Settings.encode`."""
    said: dict[str, Any] = json.loads(text)
    lists = {name: tuple(said[name]) for name in ("caches", "hidden", "left_out")}
    return Settings(**{**said, **lists})
