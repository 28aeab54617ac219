"""What a worker and all that it started use of the machine, as ``/proc`` tells."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

_BLOCK = 512
_ENTRY = 4096
"""What a file without content costs, as a budget counts it."""

_MANY = 1 << 16
_ASKED = 16
"""How many processes are asked for their exact share; the others are taken to be like them."""

_ENOUGH = 100_000
"""Files that are counted at a time: where there are more, the time to count them would matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What is used.

    Attributes:
        processes: How many there are.
        memory_bytes: Private memory and shared memory, each page of it once.
        disk_bytes: What lies in the temporary folder or was written, whichever is more.
    """

    processes: int
    memory_bytes: int
    disk_bytes: int


def family(leader: int, most: int = _MANY) -> list[int]:
    """A process and all that descend from it, or as many of them as matter."""
    found: list[int] = []
    waiting = [leader]
    while waiting and len(found) <= most:
        one = waiting.pop()
        found.append(one)
        waiting += _children(one)
    return found


def _children(process: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208 - twenty times a second
            with suppress(OSError):
                yield from map(int, _read(f"/proc/{process}/task/{thread}/children").split())


def use(
    leader: int,
    temporary: str,
    *,
    before: int,
    most_processes: int,
    most_memory: int,
    is_apart: bool,
) -> Use:
    """What a process and all that descend from it use.

    Args:
        leader: The process.
        temporary: Where its temporary files lie.
        before: How many processes there were a moment ago.
        most_processes: Where there are more, nothing else is counted: they become more meanwhile.
        most_memory: Bytes up to which the quick count, which takes shared pages for each process
            that has them, is exact enough; 0 counts no memory.
        is_apart: Whether it lives in a world of its own, so that all shared memory there is its.
    """
    processes = family(leader, most_processes)
    if len(processes) > most_processes:
        return Use(processes=len(processes), memory_bytes=0, disk_bytes=0)
    private, mapped = 0, 0
    for process in processes:
        one = _status(process)
        private, mapped = private + one.get("RssAnon", 0), mapped + one.get("RssShmem", 0)
    if private + mapped > most_memory > 0:
        if len(processes) > max(before, _ASKED):
            # They become more, and one that forks is slow to tell: their number will tell sooner.
            return Use(processes=len(processes), memory_bytes=0, disk_bytes=0)
        chosen = random.sample(processes, min(len(processes), _ASKED))
        shares = [_shares(process) for process in chosen]
        of_all = len(processes) / len(chosen)
        private, mapped = (int(of_all * sum(share[i] for share in shares)) for i in (0, 1))
    files = _unnamed(processes) + (_shared(leader) if is_apart else 0) if most_memory else 0
    written = sum(_written(process) for process in processes)
    return Use(
        processes=len(processes),
        memory_bytes=private + max(mapped, files),
        disk_bytes=max(written, held(temporary)),
    )


def held(folder: str) -> int:
    """Bytes of disk that a folder holds, as far as they are worth counting."""
    total, seen, waiting = 0, 0, [folder]
    while waiting and seen < _ENOUGH:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                seen += 1
                with suppress(OSError):
                    told = entry.stat(follow_symlinks=False)
                    total += _ENTRY + told.st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


def _status(process: int) -> dict[str, int]:
    """Fields of ``/proc/PID/status`` that count kB, in bytes."""
    return _counted(f"/proc/{process}/status")


def _shares(process: int) -> tuple[int, int]:
    """Private and shared memory of a process, a page of n processes counted as one n-th."""
    told = _counted(f"/proc/{process}/smaps_rollup")
    return told.get("Pss_Anon", 0), told.get("Pss_Shmem", 0)


def _counted(file: str) -> dict[str, int]:
    found = {}
    for line in _read(file).splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            found[name] = int(value[:-3]) << 10
    return found


def _unnamed(processes: list[int]) -> int:
    """Bytes of memory that lie in open files without a name (``memfd_create``)."""
    found: dict[tuple[int, int], int] = {}
    for process in processes:
        with suppress(OSError), os.scandir(f"/proc/{process}/fd") as entries:
            for entry in entries:
                with suppress(OSError):
                    if os.readlink(entry.path).startswith("/memfd:"):  # noqa: PTH115 - the same
                        told = os.stat(entry.path)  # noqa: PTH116 - the same
                        found[told.st_dev, told.st_ino] = told.st_blocks * _BLOCK
    return sum(found.values())


def _shared(leader: int) -> int:
    """Bytes in the ``/dev/shm`` and in the System V segments of a world."""
    total = _segments()
    with suppress(OSError):
        told = os.statvfs(f"/proc/{leader}/root/dev/shm")
        total += (told.f_blocks - told.f_bfree) * told.f_frsize
    return total


def _segments() -> int:
    lines = _read("/proc/sysvipc/shm").splitlines()
    if not lines:
        return 0
    column = lines[0].split().index("rss")
    return sum(int(line.split()[column]) for line in lines[1:])


def _written(process: int) -> int:
    for line in _read(f"/proc/{process}/io").splitlines():
        name, _, value = line.partition(":")
        if name == "write_bytes":
            return int(value)
    return 0


def _read(file: str) -> str:
    """The text of a file that may be gone; empty then."""
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - the same
            return stream.read()
    except OSError:
        return ""
