"""The near side of a worker: starts it, asks it within a time limit, restarts it when it dies."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

from conformance.case import Array, Case, Inputs
from conformance.errors import AdapterError
from conformance.harness import search_path, wire
from conformance.harness.guard import Guard

START_SECONDS = 300.0
"""How long a framework may take to be imported."""

CASE_SECONDS = 120.0
"""How long one case may take, compilation included."""

_TAIL = 2000
_CHUNK = 1 << 16

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
    """A worker process for one adapter or kernel; a context manager, not for several threads."""

    def __init__(
        self,
        adapter: str,
        *,
        case_seconds: float = CASE_SECONDS,
        start_seconds: float = START_SECONDS,
        paths: Sequence[str] = (),
        anonymous: bool = False,
        switches: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a session; the worker starts with the first question.

        A worker runs with the switches of the path that is asked, and is started anew where they
        are other ones.

        Args:
            adapter: What the worker loads: an adapter's name or file, or an encoded
                `conformance.harness.kernels.source.Source`.
            case_seconds: How long one case may take.
            start_seconds: How long loading may take.
            paths: Where the worker looks for modules, before its own places.
            anonymous: Do not tell the worker which case it runs.
            switches: Those of the path that will be asked first, which saves a start.
        """
        self.adapter = adapter
        self._case_seconds, self._start_seconds = case_seconds, start_seconds
        self._paths, self._anonymous = tuple(paths), anonymous
        self._switches: Mapping[str, str] = dict(switches or {})
        self._declared: dict[str, Mapping[str, str]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._abandoned = ""
        self._printed = _Tail()
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
        """Versions, device and paths of the adapter; see `conformance.harness.worker.describe`.

        Raises:
            AdapterError: the adapter could not be loaded; the message says why.
        """
        answer = self._ask({"do": "describe"}, {}, self._start_seconds)
        if answer.status == "refused":
            raise AdapterError(answer.reason or f"{self.adapter!r} was refused without a reason.")
        if answer.status != "ok":
            raise AdapterError(
                f"adapter {self.adapter!r} did not load ({answer.status}): {answer.reason}"
                + (f"\n{answer.stderr}" if answer.stderr else "")
            )
        self._declared = {path["name"]: path["switches"] for path in answer.header["paths"]}
        return answer.header

    def run(
        self, path: str, case: Case, *, repeat: bool = False, leave_out: tuple[str, ...] = ()
    ) -> Answer:
        """Run one case on one path; a crash or a hang costs this case alone.

        Args:
            path: Name of the path.
            case: The case.
            repeat: Call twice and send back what differs; see `conformance.harness.worker.run`.
            leave_out: Arguments that a kernel is not given.
        """
        if not self._abandoned:
            try:
                self._start_for(path)
            except AdapterError:
                if not self._abandoned:  # by a signal, while it was being loaded
                    raise
        header, arrays = wire.pack(case.inputs)
        name = "" if self._anonymous else case.id
        asked = {"do": "run", "path": path, "case": name, "repeat": repeat, **header}
        return self._ask({**asked, "leave_out": leave_out}, arrays, self._case_seconds)

    def call(self, path: str, inputs: Inputs) -> Answer:
        """Run a call that is no case on one path: it is asked of every path, sampled or not."""
        self._start_for(path)
        header, arrays = wire.pack(inputs)
        return self._ask({"do": "run", "path": path, **header}, arrays, self._case_seconds)

    def reproduce(self, path: str, inputs: Inputs, output: str) -> str:
        """A program in the framework's own terms that makes a call and prints one output.

        Raises:
            AdapterError: the adapter writes none, or could not.
        """
        self._start_for(path)
        header, arrays = wire.pack(inputs)
        asked = {"do": "reproduce", "path": path, "output": output, **header}
        answer = self._ask(asked, arrays, self._case_seconds)
        if answer.status != "ok":
            raise AdapterError(
                f"adapter {self.adapter!r} wrote no reproduction ({answer.status}): {answer.reason}"
                + (f"\n{answer.stderr}" if answer.stderr else "")
            )
        return str(answer.header["program"])

    def abandon(self, reason: str) -> None:
        """End the worker at once; whatever is asked from now on is not run, for that reason.

        Safe in a signal handler and from another thread than the one that asks.
        """
        self._abandoned = reason
        process = self._process
        if process is not None:
            _kill(process)

    def close(self) -> None:
        """End the worker, if there is one."""
        process, self._process = self._process, None
        guard, self._guard = self._guard, None
        if process is not None:
            _kill(process)
            if guard is not None:
                guard.dismiss()  # before the number of the group can become another's
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:  # the worker is gone and took the unsent bytes with it
                        continue

    def _start_for(self, path: str) -> None:
        """Have a worker that runs with the switches of a path."""
        if self._process is None:
            self.describe()
        wanted = self._declared.get(path, {})
        if wanted != self._switches:
            self.close()
            self._switches = wanted
            self.describe()

    def _ask(self, header: dict[str, Any], arrays: dict[str, Array], seconds: float) -> Answer:
        if self._abandoned:
            return self._lost("crash", "it was ended")
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
        self._process = process = subprocess.Popen(  # noqa: S603 - our own module and interpreter
            search_path.module("conformance.harness.worker", self.adapter, str(os.getpid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # what it starts in turn dies with it
            env=self._environment(),
        )
        self._guard = Guard(process.pid)
        if self._abandoned:  # while it was being started
            _kill(process)
        self._inbox, self._printed = queue.Queue(), _Tail()
        assert process.stdout is not None  # noqa: S101 - it was started with pipes
        assert process.stderr is not None  # noqa: S101 - the same
        for target, arguments in (
            (_read, (process.stdout, self._inbox)),
            (self._printed.follow, (process.stderr,)),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()
        return process

    def _environment(self) -> dict[str, str]:
        known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        paths = search_path.for_worker([*self._paths, *known, *search_path.own_home()])
        places = {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}
        return {**os.environ, **places, **self._switches}

    def _lost(self, status: str, reason: str) -> Answer:
        self.close()
        if self._abandoned:
            return Answer(status="not-run", reason=self._abandoned)
        return Answer(status=status, reason=reason, stderr=self._printed.text())


class _Tail:
    """The end of what a worker printed; the rest is read and forgotten, however much it is."""

    def __init__(self) -> None:
        self._end, self._total = b"", 0
        self._done = threading.Event()

    def follow(self, stream: IO[bytes]) -> None:
        """Read until the other side closes."""
        with stream, contextlib.suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), _CHUNK):
                self._end = (self._end + chunk)[-_TAIL:]
                self._total += len(chunk)
        self._done.set()

    def text(self) -> str | None:
        """What there is, once the worker is gone; with a word on what is left out."""
        self._done.wait(timeout=1)
        said = self._end.decode(errors="replace").strip()
        if self._total > len(self._end):
            said = f"... the end of {self._total:,} bytes:\n{said}"
        return said or None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a worker and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _read(stream: IO[bytes], inbox: queue.Queue[Message | None]) -> None:
    """Put every message into the inbox, and None at the end, whatever the end was."""
    try:
        while True:
            inbox.put(wire.receive(stream))
    except (EOFError, ValueError, OSError, KeyError, TypeError):
        inbox.put(None)


def _how_it_died(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "the worker sent what is no message"
    if code < 0:
        return f"the worker was killed by {signal.Signals(-code).name}"
    return f"the worker exited with code {code}"
