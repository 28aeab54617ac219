"""No worker outlives the process that started it, however that one ends, SIGKILL included.

A guard is a shell of a few hundred kilobytes that waits at a pipe whose other end only we hold.
When we are gone the pipe closes, and the guard ends the process group of the worker, with what the
worker started in turn: first by SIGTERM, since a keeper (`conformance.harness.shield.keeper`) ends
more than its group, then by SIGKILL.  It has a session of its own, so that what kills our group
leaves it alive.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys

_SHELL = "/bin/sh"
_WAIT = 'read -r word || { kill -s TERM -- "-$1"; sleep 2; kill -s KILL -- "-$1"; }'
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h


class Guard:
    """Watches one process group until it is told that all is over."""

    def __init__(self, group: int) -> None:
        """Start to watch.

        Args:
            group: The process group, which is the number of the process that leads it.
        """
        self._shell: subprocess.Popen[bytes] | None = None
        if os.name != "posix":
            return
        # Where there is no shell the worker still asks the kernel: see die_with_parent.
        with contextlib.suppress(OSError):
            self._shell = subprocess.Popen(  # noqa: S603 - a constant
                [_SHELL, "-c", _WAIT, "conformance-guard", str(group)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def dismiss(self) -> None:
        """End the guard and leave the group alone; it was ended by whoever calls this."""
        shell, self._shell = self._shell, None
        if shell is None:
            return
        with contextlib.suppress(OSError):  # it was killed by someone else
            shell.communicate(b"over\n")
        shell.wait()


def die_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Ask the kernel to end this process with its parent, on Linux; a guard may be missing.

    Args:
        parent: The number of the process that started this one.
        by: The signal that ends it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # a C library without prctl
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, by)
    if os.getppid() != parent:  # it ended before it could be asked for
        os.kill(os.getpid(), by)
