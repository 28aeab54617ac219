"""The life of one worker's process: started behind its shield, ended with all that it started.

Who asks it is `conformance.harness.session`.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.harness import search_path
from conformance.harness.channel import Channel
from conformance.harness.guard import Guard
from conformance.harness.shield.near import Shield
from conformance.harness.shield.protections import Protections
from conformance.harness.tail import Tail

_TAIL = 2000
"""Bytes that are kept of what it prints."""


class Life:
    """A worker's process, and what hangs on it: shield, guard, pipes, what it prints."""

    def __init__(
        self,
        source: str,
        *,
        paths: Sequence[str] = (),
        switches: Mapping[str, str] | None = None,
        hidden: Sequence[Path] = (),
    ) -> None:
        """Prepare; nothing starts before `start`.

        Args:
            source: What it loads, as for `conformance.harness.session.Session`.
            paths: Where it looks for modules, before its own places.
            switches: Environment variables that are set for it.
            hidden: Folders of answers that it may not read, beside the package's own.
        """
        self._source, self._paths, self._switches = source, tuple(paths), dict(switches or {})
        self._hidden = tuple(hidden)
        self._shield = Shield()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._channel: Channel | None = None
        self._printed: Tail | None = None

    def start(self) -> None:
        """Start it; nothing of what it is to load is run before it is asked."""
        shield = self._shield
        shield.prepare(self._source, self._hidden)
        self._process = process = subprocess.Popen(  # noqa: S603 - our own module and interpreter
            search_path.module(*shield.words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what is not read stays in the pipe, where it takes no memory
            start_new_session=True,  # what it starts in turn dies with it
            env=_environment(self._paths) | self._switches | dict(shield.environment),
            pass_fds=shield.descriptors,
        )
        shield.started()
        self._guard = Guard(process.pid)
        assert process.stderr is not None  # noqa: S101 - it was started with pipes
        self._printed, self._channel = Tail(process.stderr, _TAIL), Channel(process)

    @property
    def is_on(self) -> bool:
        """Whether it has started and was not closed; it may have died by itself."""
        return self._process is not None

    @property
    def channel(self) -> Channel:
        """The pipes on which it is asked, while it `is_on`."""
        assert self._channel is not None  # noqa: S101 - it is on
        return self._channel

    @property
    def protections(self) -> Protections:
        """Which protections it has or had; known once it has answered."""
        return self._shield.protections

    @property
    def printed(self) -> str | None:
        """The end of what it printed, once it is gone."""
        return None if self._printed is None else self._printed.text()

    def hear(self) -> None:
        """Take note of its protections, since it has answered."""
        self._shield.hear()

    def why_over(self) -> str:
        """Why it is gone, in words; to be asked before it is closed."""
        assert self._process is not None  # noqa: S101 - it was not closed
        return self._shield.why_ended(self._process) or _how_it_died(self._process)

    def end(self) -> None:
        """Have it ended, with all that it started; safe in a signal handler."""
        if self._process is not None:
            self._shield.end(self._process)

    def close(self) -> None:
        """End it, wait for that, and clean up after it."""
        process, self._process = self._process, None
        if process is not None:
            self._shield.end(process)
            if self._guard is not None:
                self._guard.dismiss()  # before the number of the group can become another's
            self._shield.close(process)
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


def _environment(paths: Sequence[str]) -> dict[str, str]:
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    places = search_path.for_worker([*paths, *known, *search_path.own_home()])
    return {**os.environ, **({"PYTHONPATH": os.pathsep.join(places)} if places else {})}


def _how_it_died(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "the worker closed its pipe"
    if code < 0:
        return f"the worker was killed by {_signal(-code)}"
    return f"the worker exited with code {code}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # those of real time have no names
        return f"signal {number}"
