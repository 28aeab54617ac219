"""The near side of a worker: starts it, asks it within a time limit, restarts it when it dies."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

from conformance import wire
from conformance.case import Array, Case
from conformance.errors import AdapterError

START_SECONDS = 300.0
"""How long a framework may take to be imported."""

CASE_SECONDS = 120.0
"""How long one case may take, compilation included."""

_TAIL = 2000

Message: TypeAlias = tuple[dict[str, Any], dict[str, Array]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one request.

    Attributes:
        status: ``"ok"``, ``"unsupported"``, ``"not-run"``, ``"error"``, ``"crash"`` or
            ``"timeout"``.
        reason: Why it is not ok, in words.
        outputs: The arrays, if it is ok.
        header: The other facts that came with it.
        stderr: The end of what was printed, if it is not ok.
    """

    status: str
    reason: str | None = None
    outputs: dict[str, Array] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    stderr: str | None = None


class Session:
    """A worker process for one adapter; a context manager, not for use by several threads."""

    def __init__(
        self,
        adapter: str,
        *,
        case_seconds: float = CASE_SECONDS,
        start_seconds: float = START_SECONDS,
    ) -> None:
        """Prepare a session; the worker starts with the first question."""
        self.adapter = adapter
        self._case_seconds, self._start_seconds = case_seconds, start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._inbox: queue.Queue[Message | None] = queue.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def describe(self) -> dict[str, Any]:
        """Versions, device and paths of the adapter; see `conformance.worker.describe`.

        Raises:
            AdapterError: the adapter could not be loaded; the message says why.
        """
        answer = self._ask({"do": "describe"}, {}, self._start_seconds)
        if answer.status != "ok":
            raise AdapterError(
                f"adapter {self.adapter!r} did not load ({answer.status}): {answer.reason}"
                + (f"\n{answer.stderr}" if answer.stderr else "")
            )
        return answer.header

    def run(self, path: str, case: Case) -> Answer:
        """Run one case on one path; a crash or a hang costs this case alone."""
        if self._process is None:
            self.describe()
        header, arrays = wire.pack(case.inputs)
        asked = {"do": "run", "path": path, "case": case.id, **header}
        return self._ask(asked, arrays, self._case_seconds)

    def close(self) -> None:
        """End the worker, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:  # the worker is gone and took the unsent bytes with it
                        continue
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _ask(self, header: dict[str, Any], arrays: dict[str, Array], seconds: float) -> Answer:
        process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101 - it was started with a pipe
        try:
            wire.send(process.stdin, header, arrays)
            message = self._inbox.get(timeout=seconds)
        except queue.Empty:
            return self._lost("timeout", f"no answer within {seconds:g} s")
        except OSError:
            message = None
        if message is None:
            return self._lost("crash", _how_it_died(process))
        answer, outputs = message
        status, reason = str(answer.pop("status")), answer.pop("reason", None)
        stderr = answer.pop("trace", None)
        return Answer(status=status, reason=reason, outputs=outputs, header=answer, stderr=stderr)

    def _start(self) -> subprocess.Popen[bytes]:
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
            [sys.executable, "-m", "conformance.worker", self.adapter],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        self._inbox = queue.Queue()
        assert self._process.stdout is not None  # noqa: S101 - it was started with a pipe
        reader = threading.Thread(
            target=_read, args=(self._process.stdout, self._inbox), daemon=True
        )
        reader.start()
        return self._process

    def _lost(self, status: str, reason: str) -> Answer:
        stderr = self._tail()
        self.close()
        return Answer(status=status, reason=reason, stderr=stderr)

    def _tail(self) -> str | None:
        if self._stderr is None:
            return None
        size = self._stderr.seek(0, 2)
        self._stderr.seek(max(size - _TAIL, 0))
        return self._stderr.read().decode(errors="replace").strip() or None


def _read(stream: IO[bytes], inbox: queue.Queue[Message | None]) -> None:
    """Put every message into the inbox, and None at the end, whatever the end was."""
    try:
        while True:
            inbox.put(wire.receive(stream))
    except (EOFError, ValueError, OSError, KeyError, TypeError):
        inbox.put(None)


def _how_it_died(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "the worker sent what is no message"
    if code < 0:
        return f"the worker was killed by {signal.Signals(-code).name}"
    return f"the worker exited with code {code}"
