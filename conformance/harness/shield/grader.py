"""The process that judges, kept from being looked into by others of the same user.

Landlock and namespaces keep a worker out of it by themselves.  Where there is neither, the process
is made undumpable: ``/proc/PID/mem`` and ``ptrace`` are closed then, and so they are to debuggers
and profilers of the user's own, which is why it lasts only as long as there is such a worker.
"""

from __future__ import annotations

import sys
import threading

from conformance.harness.shield import linux


class Grader:
    """Counts the workers that must not look into this process."""

    def __init__(self) -> None:
        """Nobody is kept out yet."""
        self._lock = threading.RLock()
        self._count, self._before = 0, 1
        self.state = "off: nothing was asked for"

    def hide(self) -> bool:
        """Keep others out; whether that is to be undone by `show`."""
        if sys.platform != "linux":
            self.state = f"off: {sys.platform} has no means for it"
            return False
        with self._lock:
            try:
                if not self._count:
                    self._before = linux.prctl(linux.PR_GET_DUMPABLE)
                    linux.prctl(linux.PR_SET_DUMPABLE, 0)
            except (OSError, AttributeError) as error:  # a C library without prctl
                self.state = f"off: {error}"
                return False
            self._count += 1
            self.state = "on: not dumpable"
            return True

    def show(self) -> None:
        """Undo one `hide`."""
        with self._lock:
            self._count -= 1
            if not self._count:
                linux.prctl(linux.PR_SET_DUMPABLE, 1 if self._before == 1 else 0)


GRADER = Grader()
"""This process."""
