"""Ctrl-C and SIGTERM as one exception, so that what was found so far can be kept."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from conformance.errors import Stopped

_ONCE = 1.0
"""Seconds in which a second signal is taken for the first: ``timeout`` sends SIGTERM twice."""

_KINDS = ("SIGINT", "SIGTERM", "SIGHUP")


class Caught:
    """Whether a signal came, whatever became of the exception that it raised."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.signal: int | None = None
        self._when = 0.0
        self._halt: Callable[[str], None] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Raise `Stopped` the first time; the second ends the process at once."""
        if self.signal is None:
            self.signal, self._when = number, time.monotonic()
            if self._halt is None:
                raise Stopped(number)
            self._halt(f"stopped by {called(number)}")
            return
        if time.monotonic() - self._when > _ONCE:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within this context a signal waits for the end: a library that is loaded must not break.

        numpy prints a traceback of its own where an import inside it is interrupted.

        Raises:
            Stopped: at the end, if one came.
        """
        self._halt = lambda _: None
        try:
            yield
        finally:
            self._halt = None
        if self.signal is not None:
            raise Stopped(self.signal)

    @contextlib.contextmanager
    def ending(self, halt: Callable[[str], None]) -> Iterator[None]:
        """Within this context a signal raises nothing: it calls `halt` with what came.

        Raises:
            Stopped: at the end, if one came.
        """
        self._halt = halt
        try:
            yield
        finally:
            self._halt = None
        if self.signal is not None:
            raise Stopped(self.signal, kept=True)


def called(number: int) -> str:
    """What a person calls a signal."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


@contextlib.contextmanager
def stoppable() -> Iterator[Caught]:
    """Turn signals into `Stopped` within this context; outside the main thread it does nothing."""
    caught = Caught()
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {}
    for name in _KINDS:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        # One that is ignored stays so: nohup means it.
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, caught)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
