"""The near side of the shield: what a worker is started with, and which protections it has."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.errors import InputError
from conformance.harness.kernels import source as kernel_source
from conformance.harness.shield import left_over, protections
from conformance.harness.shield.apart import require_apart
from conformance.harness.shield.grader import GRADER
from conformance.harness.shield.protections import SWITCH, Protections
from conformance.harness.shield.reach import cache_places
from conformance.harness.shield.settings import GIB, Settings

SHIELDED, BARE = "conformance.harness.shield.launch", "conformance.harness.worker"
"""The module of a worker that is started behind the shield, and of one that is not."""

LEFT_OUT: frozenset[str] = frozenset()
"""Protections that are not tried: tests change it, to see what each of the others holds alone."""

LIMITS = Settings(temporary="", told=0)
"""What a worker may use of the machine, beside what `Source.memory_gib` says."""

_SECONDS_TO_END, _SECONDS_TO_SAY = 5.0, 1.0
_LONGEST_LINE = 1 << 16


class Shield:
    """One worker's shield, seen from the process that judges."""

    def __init__(self) -> None:
        """Nothing is on before `prepare`."""
        self.protections = _switched_off() or protections.none("the worker did not say")
        self._is_on = not _switched_off()
        self._lines: Any = None
        self._hides = False
        self._temporary = ""
        self.descriptors: tuple[int, ...] = ()
        self.environment: Mapping[str, str] = {}
        self.words: tuple[str, ...] = ()

    def prepare(self, source: str, hidden: Sequence[Path] = ()) -> None:
        """Make `words`, `descriptors` and `environment`, which the worker is started with.

        Args:
            source: What the worker loads, as for `conformance.harness.session.Session`.
            hidden: Folders that it may not read, beside those that are hidden from every worker.
        """
        if not self._is_on:
            self.words = (BARE, source, str(os.getpid()))
            return
        self._temporary = left_over.new_folder()
        caches = cache_places(os.environ, Path(self._temporary))
        try:
            require_apart(hidden, writable=map(Path, (self._temporary, *caches.values())))
        except InputError:
            left_over.remove(self._temporary)
            raise
        self.environment = {**caches, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._temporary)}
        listening, told = os.pipe()
        # Without a buffer, so that what can be read is what has not been read.
        self._lines, self.descriptors = os.fdopen(listening, "rb", buffering=0), (told,)
        kernel = kernel_source.decode(source)
        settings = replace(
            LIMITS,
            temporary=self._temporary,
            told=told,
            memory_bytes=0 if kernel is None else int(kernel.memory_gib * GIB),
            caches=tuple(sorted({*caches.values()})),
            hidden=tuple(str(folder.resolve()) for folder in hidden),
            left_out=tuple(sorted(LEFT_OUT)),
        )
        self.words = (SHIELDED, source, str(os.getpid()), settings.encode())
        self._hides = GRADER.hide()

    def started(self) -> None:
        """Let go of what the worker alone is to hold."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()

    def hear(self) -> None:
        """Take note of which protections are on; to be called once the worker has answered.

        It tells them before it loads anything, over a pipe that it then closes.
        """
        if self._lines is None or self.protections["keeper"]:
            return
        on = self._line().get("on", {})
        apart = [name for name in ("landlock", "namespaces") if str(on.get(name)).startswith("on")]
        if apart:
            self._show()
        grader = f"on: by {apart[0]}" if apart else GRADER.state
        self.protections = protections.protections(on, grader)

    def why_ended(self, process: subprocess.Popen[bytes]) -> str:
        """Why the keeper ended the worker, in words; empty if it did not."""
        self.hear()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_SECONDS_TO_SAY)
            return str(self._line().get("ended", "")) if self._lines is not None else ""
        return ""

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Have a worker ended, with all that it started; safe in a signal handler."""
        with suppress(ProcessLookupError, PermissionError):
            if self._is_on and sys.platform == "linux":
                process.terminate()  # the keeper ends what is below it
            elif hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()

    def close(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the end of a worker that was ended, and clean up after it."""
        try:
            process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:  # its keeper was stopped or is stuck
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        self._show()
        if self._lines is not None:
            self._lines.close()
            self._lines = None
            left_over.remove(self._temporary)

    def _show(self) -> None:
        if self._hides:
            self._hides = False
            GRADER.show()

    def _line(self) -> dict[str, Any]:
        # It was written before anything foreign ran, or is not written any more: nobody is waited
        # for who holds the other end and is silent.
        if not select.select([self._lines], [], [], _SECONDS_TO_SAY)[0]:
            return {}
        line = self._lines.readline(_LONGEST_LINE)
        found: dict[str, Any] = json.loads(line) if line else {}
        return found


def _switched_off() -> Protections | None:
    """No protections, where the shield is off or cannot be on."""
    if os.environ.get(SWITCH) == "off":
        return protections.none(f"{SWITCH}=off")
    if sys.platform == "win32":
        return protections.none("Windows has no means for it")
    return None
