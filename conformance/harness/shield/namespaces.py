"""A world of its own for a worker: processes, mounts, shared memory.

What a worker starts ends with the first process of its world, whatever it did to get away; and the
processes outside have no number in there by which a signal or a debugger could find them.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from conformance.harness.shield import linux
from conformance.harness.shield.reach import Reach

FOR_A_USER = "user namespace"
"""How one parts who is not root."""

_RELEASE = re.compile(r"\d+")
_OWN_NUMBERS = (6, 14)
_LEAST_NUMBERS = 512
"""The system takes no limit of 300 or less, and begins at 300 again when it comes to the end."""

_QUIET = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC


def part() -> str:
    """Let the next child be the first process of a world of its own.

    Root parts as it is; everyone else in a user namespace, where the user keeps its number.

    Returns:
        How, in a word or two.

    Raises:
        OSError: the system does not allow it.
    """
    flags = linux.CLONE_NEWPID | linux.CLONE_NEWIPC
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        try:
            linux.unshare(flags)
        except OSError:  # root in a container, without the right to
            pass
        else:
            return "as root"
    linux.unshare(flags | linux.CLONE_NEWUSER)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny", encoding="ascii")
    (own / "uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    (own / "gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return "user namespace"


def lay_mounts(reach: Reach, shared_bytes: int, most_tasks: int) -> None:
    """Hide folders, make all else read-only but for what is writable; as the first process.

    Args:
        reach: What is hidden and what is writable.
        shared_bytes: How large ``/dev/shm`` may become; 0 leaves that to the system.
        most_tasks: How many threads and processes there may be, where a world can have a limit
            of its own.

    Raises:
        OSError: the system does not allow it; then everything is as writable as before.
    """
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", "", linux.MS_REC | linux.MS_PRIVATE)
    with suppress(OSError):  # some containers forbid this alone; /proc then shows what is outside
        linux.mount("proc", "/proc", "proc", _QUIET)
        _limit_tasks(most_tasks)
    for folder in reach.hidden:
        linux.mount("tmpfs", str(folder), "tmpfs", _QUIET | linux.MS_RDONLY, "size=4k,mode=755")
    size = f"size={shared_bytes}," if shared_bytes else ""
    writable = [str(folder) for folder in reach.writable]
    if Path("/dev/shm").is_dir():  # noqa: S108 - its own, and not another's
        linux.mount("tmpfs", "/dev/shm", "tmpfs", _QUIET & ~linux.MS_NOEXEC, f"{size}mode=1777")  # noqa: S108 - the same
        writable.append("/dev/shm")  # noqa: S108 - the same
    for path in writable:
        linux.mount(path, path, "", linux.MS_BIND | linux.MS_REC)
    linux.make_read_only("/")
    try:
        for path in writable:
            linux.make_read_only(path, but_not=True)
    except OSError:
        linux.make_read_only("/", but_not=True)
        raise


def _limit_tasks(most: int) -> None:
    """Limit the numbers of a world, where they are its own: Linux 6.14."""
    file = Path("/proc/sys/kernel/pid_max")
    if tuple(int(part) for part in _RELEASE.findall(os.uname().release)[:2]) >= _OWN_NUMBERS:
        file.write_text(str(max(most, _LEAST_NUMBERS)), encoding="ascii")
