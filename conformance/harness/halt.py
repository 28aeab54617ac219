"""A run that is to end early: its workers are ended, and what is left is not run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

INTERRUPTED = "interrupted"
"""The reason of every output that a stopped run did not come to."""


class Stoppable(Protocol):
    """A worker's near side, as `conformance.harness.session.Session` is."""

    def abandon(self, reason: str) -> None:
        """End the worker; all that is asked from now on is not run, for that reason."""


class Halt:
    """Whether a run is to end early; a signal handler may ask for it in the middle of anything.

    Attributes:
        why: What asked for it, such as ``"stopped by SIGTERM"``; empty while nothing did.
    """

    def __init__(self) -> None:
        """Nothing asks for an end yet."""
        self.why = ""
        self._asked: list[Stoppable] = []

    def watch(self, session: Stoppable) -> None:
        """Let a session end with the others, or at once if the end was asked for already."""
        self._asked.append(session)
        if self.why:
            session.abandon(INTERRUPTED)

    def now(self, why: str) -> None:
        """End every worker."""
        self.why = self.why or why
        for session in list(self._asked):
            session.abandon(INTERRUPTED)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """End what takes longer."""
        why = f"stopped by its budget of {seconds:g} s"
        timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self.now, (why,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
