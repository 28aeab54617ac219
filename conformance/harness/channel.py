"""The pipes to one worker, from the near side: whatever comes or does not come, nobody waits long.

No thread reads ahead.  What was not asked for stays in the pipe, which holds some kilobytes and
then lets its writer wait: a worker that sends without end takes no memory here.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from conformance.errors import MessageError

if sys.platform == "linux":
    import fcntl

_LOOK = 0.2
"""Seconds between two looks whether the worker lives: a child of its may hold the pipe open."""

_PEEK = 1 << 16
"""How much of what was not asked for is read, to tell of it."""

_WHOLE = 1 << 20
"""Bytes that the pipe to a worker holds; what it answers stays in the pipe that it gets."""

_IN, _OUT = 1, 4  # POLLIN and POLLOUT of poll.h, which Windows has not


class DeadlineError(Exception):
    """No whole answer came in time.

    Attributes:
        begun: How many bytes of one came.
    """

    def __init__(self, begun: int) -> None:
        """Say how much came."""
        super().__init__(f"; {begun:,} bytes of one came" if begun else "")
        self.begun = begun


class BrokenOffError(MessageError):
    """A message that was begun and not ended in time."""


class Channel:
    """The pipes to a worker that was started with unbuffered ones."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take the pipes; from now on no call on them waits."""
        assert process.stdin is not None  # noqa: S101 - it was started with pipes
        assert process.stdout is not None  # noqa: S101 - the same
        self._process = process
        self._to: Any = process.stdin  # raw files: their calls return None where they would wait
        self._from: Any = process.stdout
        self._deadline, self._sent, self._begun = 0.0, 0.0, 0
        for pipe in (self._to, self._from):
            os.set_blocking(pipe.fileno(), False)
        _widen(self._to.fileno())

    def put(self, message: Iterable[memoryview], deadline: float) -> None:
        """Send a message.

        Args:
            message: Its pieces.
            deadline: Until when it and its answer have time, by `time.monotonic`.

        Raises:
            EOFError: the worker is gone.
            DeadlineError: it does not read.
            ValueError: it answers before it was asked.
        """
        self._deadline, self._begun = deadline, 0
        for piece in message:
            rest = piece
            while rest:
                try:
                    sent = self._to.write(rest)
                except OSError as error:
                    raise EOFError("the worker is gone") from error
                if sent:
                    rest = rest[sent:]
                elif self._wait(_IN | _OUT) == _IN:
                    self._refuse_early()
        self._sent = time.monotonic()

    def listen(self) -> None:
        """Begin to listen for the answer: it has the time more in which nobody did."""
        self._deadline += time.monotonic() - self._sent

    def fill(self, view: memoryview) -> None:
        """Fill a piece of memory with what the worker sends.

        Raises:
            EOFError: the worker is gone.
            DeadlineError: it did not send enough in time.
        """
        while view:
            count = self._take(view)
            if count is None:
                self._wait(_IN)
            elif not count:
                raise EOFError("the worker closed its pipe")
            else:
                self._begun += count
                view = view[count:]

    def unasked(self) -> bytes:
        """What lies in the pipe while nothing is asked; nothing where the worker is gone."""
        found = bytearray(_PEEK)
        count = self._take(memoryview(found))
        return bytes(found[: count or 0])

    def close(self) -> None:
        """Close both pipes."""
        self._to.close()
        self._from.close()

    def _take(self, view: memoryview) -> int | None:
        """Read what is there: None if nothing is, 0 at the end."""
        try:
            count: int | None = self._from.readinto(view)
        except OSError:
            return 0
        return count

    def _wait(self, events: int) -> int:
        """Wait for one of these events; `_IN` where there is something to read, or an end."""
        poller = select.poll()
        for pipe, wanted in ((self._from, _IN), (self._to, _OUT)):
            if events & wanted:
                poller.register(pipe.fileno(), wanted)
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise DeadlineError(self._begun)
            found = poller.poll(1000 * min(left, _LOOK))
            if found:
                there = [event & (_IN | _OUT) or _IN for _, event in found]  # an end is read too
                return _OUT if set(there) == {_OUT} else _IN
            if self._process.poll() is not None:
                raise EOFError("the worker is gone")

    def _refuse_early(self) -> None:
        found = self.unasked()
        if not found:
            raise EOFError("the worker is gone")
        raise ValueError(in_words(found, "came before the question was sent"))


def _widen(pipe: int) -> None:
    """Let a pipe hold most questions whole, so that they are put without waiting; on Linux."""
    if sys.platform == "linux":
        with suppress(OSError):  # others of this user hold as much as one may
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WHOLE)


def in_words(found: bytes, when: str) -> str:
    """What was not asked for, in words."""
    size = f"{len(found):,} bytes" + " or more" * (len(found) == _PEEK)
    return f"{size} that were not asked for {when}; they begin with {found[:20]!r}"
