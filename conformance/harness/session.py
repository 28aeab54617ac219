"""The near side of a worker: asks it within a time limit, starts it anew when it dies."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from conformance.case import Case, Inputs
from conformance.errors import AdapterError, MessageError
from conformance.harness import described
from conformance.harness.answer import Answer, Message, Reply, get_ready, receive, refusal
from conformance.harness.channel import BrokenOffError, DeadlineError, in_words
from conformance.harness.life import Life
from conformance.harness.repeated import Series, read
from conformance.harness.request import Request, call_of, reproduction_of
from conformance.harness.series import series_of
from conformance.harness.shield.protections import Protections

START_SECONDS = 300.0
"""How long a framework may take to be imported."""

CASE_SECONDS = 120.0
"""How long one case may take, compilation included."""

_CLOCKS = 0.1
"""Seconds by which two clocks of one machine may differ over a call."""


class Session:
    """A worker process for one adapter or kernel; a context manager, not for several threads."""

    def __init__(
        self,
        adapter: str,
        *,
        case_seconds: float = CASE_SECONDS,
        start_seconds: float = START_SECONDS,
        paths: Sequence[str] = (),
        switches: Mapping[str, str] | None = None,
        life: Life | None = None,
    ) -> None:
        """Prepare a session; the worker starts with the first question, if it did not before.

        A worker runs with the switches of the path that is asked, and is started anew where they
        are other ones.

        Args:
            adapter: What the worker loads: an adapter's name or file, or an encoded
                `conformance.harness.kernels.source.Source`.
            case_seconds: How long one case may take.
            start_seconds: How long loading may take.
            paths: Where the worker looks for modules, before its own places.
            switches: Those of the path that will be asked first, which saves a start.
            life: A worker of the same that has started; the session ends it.
        """
        self.adapter = adapter
        self._case_seconds, self._start_seconds = case_seconds, start_seconds
        self._paths = tuple(paths)
        self._switches: Mapping[str, str] = dict(switches or {})
        self._declared: dict[str, Mapping[str, Any]] = {}
        self._life = life or Life(adapter)  # that of the worker there is, or of the last one
        self._abandoned = ""
        self._is_new, self._has_loaded = True, False
        self._breaches, self._first_breach = 0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def breaches(self) -> str | None:
        """What came over the pipe and was no answer to a question, in words; None if nothing did.

        Only the worker's own code has reason to write there.
        """
        self._settle()
        if not self._breaches:
            return None
        often = "once" if self._breaches == 1 else f"{self._breaches:,} times, at first"
        return f"{often}, {self._first_breach}"

    def describe(self) -> dict[str, Any]:
        """Versions, device and paths of the adapter; see `conformance.harness.worker.describe`.

        Raises:
            AdapterError: the adapter could not be loaded; the message says why.
        """
        self._settle()
        try:
            told = self._ask(Request(do="describe"), self._start_seconds)
            if isinstance(told, Message) and told.reply is Reply.OK:
                described.require(told.header, self.adapter)
        except MessageError as breach:
            told = self._breached(breach)
        except ValueError as error:
            told = self._breached(refusal(str(error)))
        if isinstance(told, Answer):
            raise AdapterError(
                f"adapter {self.adapter!r} did not load ({told.status}): {told.reason}"
                + (f"\n{told.stderr}" if told.stderr else "")
            )
        if told.reply is not Reply.OK:
            self.close()
            raise AdapterError(told.header["reason"])
        self._declared = {path["name"]: path for path in told.header["paths"]}
        self._has_loaded = True
        return told.header

    def run(
        self,
        path: str,
        case: Case,
        *,
        repeat: bool = False,
        leave_out: tuple[str, ...] = (),
        read_only: bool = False,
    ) -> Answer:
        """Run one case on one path; a crash, a hang or a lie costs this case alone.

        The worker is not told which case it is.

        Args:
            path: Name of the path.
            case: The case.
            repeat: Call twice and send back what differs; see `conformance.harness.worker.run`.
            leave_out: Arguments that a kernel is not given.
            read_only: Give arrays that cannot be written to.

        Raises:
            AdapterError: the adapter could not be loaded.
        """
        request = call_of(
            path, case.inputs, repeat=repeat, leave_out=leave_out, read_only=read_only
        )
        told = self._put(path, request, case.id)
        return told if isinstance(told, Answer) else told.answer()

    def series(
        self,
        path: str,
        calls: Sequence[Inputs],
        order: Sequence[int],
        *,
        seconds: float,
        steps: Sequence[str] = (),
    ) -> Series | Answer:
        """Make many calls with one question; what became of the worker where none came back.

        Args:
            path: Name of the path.
            calls: The different calls.
            order: Which of them comes when.
            seconds: After which no further one is begun.
            steps: How each is made on one instance; see `conformance.harness.kernels.steps`.
        """
        request = series_of(path, calls, order, seconds=seconds, steps=steps)
        told = self._put(path, request, seconds=seconds)
        if isinstance(told, Answer):
            return told
        return read(told) if told.reply is Reply.OK else told.answer()

    def call(self, path: str, inputs: Inputs) -> Answer:
        """Run a call that is no case on one path: it is asked of every path, sampled or not."""
        told = self._put(path, call_of(path, inputs))
        return told if isinstance(told, Answer) else told.answer()

    def reproduce(self, path: str, inputs: Inputs, output: str) -> str:
        """A program in the framework's own terms that makes a call and prints one output.

        Raises:
            AdapterError: the adapter writes none, or could not.
        """
        told = self._put(path, reproduction_of(path, inputs, output))
        answer = told if isinstance(told, Answer) else told.answer()
        if isinstance(told, Answer) or answer.status is not Reply.OK:
            raise AdapterError(
                f"adapter {self.adapter!r} wrote no reproduction ({answer.status}): {answer.reason}"
                + (f"\n{answer.stderr}" if answer.stderr else "")
            )
        return str(told.header["program"])

    def abandon(self, reason: str) -> None:
        """End the worker at once; whatever is asked from now on is not run, for that reason.

        Safe in a signal handler and from another thread than the one that asks.
        """
        self._abandoned = reason
        self._life.end()

    @property
    def protections(self) -> Protections:
        """Which protections the worker has, or the last one had; known once it has answered."""
        return self._life.protections

    def close(self) -> None:
        """End the worker, if there is one."""
        self._life.close()

    def _start_for(self, path: str) -> None:
        """Have a worker that runs with the switches of a path, and that owes no answer."""
        self._settle()
        if not self._life.is_on:
            self.describe()
        wanted = self._declared[path]["switches"] if path in self._declared else {}
        if wanted != self._switches:
            self.close()
            self._switches, self._has_loaded = wanted, False
            self.describe()

    def _put(
        self, path: str, request: Request, case: str | None = None, *, seconds: float = 0.0
    ) -> Message | Answer:
        """Ask about a path; once more, and in a new worker, where an earlier call may be to blame.

        Raises:
            AdapterError: it does not load.
        """
        answer = self._unasked(path, case)
        if answer is not None:
            return answer
        was_new, self._is_new = self._is_new, False
        try:
            return self._ask(request, self._case_seconds + seconds)
        except MessageError as breach:
            lost, is_own = self._breached(breach), breach.is_own
        if was_new or is_own or self._abandoned:
            return lost
        return self._put(path, replace(request), case, seconds=seconds)

    def _unasked(self, path: str, case: str | None) -> Answer | None:
        """The answer where a path cannot be asked or declared that it leaves a case out.

        Raises:
            AdapterError: it does not load; once it has, that is an error of one case alone.
        """
        if self._abandoned:
            return self._lost(Reply.CRASH, "it was ended")
        try:
            self._start_for(path)
        except AdapterError as error:
            if self._abandoned:  # by a signal, while it was being loaded
                return self._lost(Reply.CRASH, "it was ended")
            if not self._has_loaded:
                raise
            return Answer(status=Reply.ERROR, reason=f"it does not load again: {error}")
        declared = self._declared.get(path)
        why = declared and case and described.left_out(declared, case)
        return Answer(status=Reply.NOT_RUN, reason=why) if why else None

    def _ask(self, request: Request, seconds: float) -> Message | Answer:
        """What is answered, or what became of the worker.

        Raises:
            MessageError: what came is no answer to the question.
        """
        if self._abandoned:
            return self._lost(Reply.CRASH, "it was ended")
        if not self._life.is_on:
            self._start()
        life, begun = self._life, time.monotonic()
        try:
            life.channel.put(request.encoded(), begun + seconds)
            if request.do == "describe":
                get_ready()
            message = receive(life.channel.fill, request)
            life.hear()
        except EOFError:
            return self._lost(Reply.CRASH, life.why_over())
        except DeadlineError as late:
            why = f"no answer within {seconds:g} s{late}"
            if late.begun:
                raise BrokenOffError(why) from late
            return self._lost(Reply.TIMEOUT, why)
        except ValueError as error:
            raise refusal(str(error)) from error
        if message.header.get("seconds", 0) > time.monotonic() - begun + _CLOCKS:
            raise refusal("it tells of more seconds than the answer took")
        return message

    def _settle(self) -> None:
        """End a worker that said something between two questions: its next answer is in doubt."""
        found = self._life.channel.unasked() if self._life.is_on else b""
        if found:
            self._breached(refusal(in_words(found, "came between two questions")))

    def _breached(self, breach: MessageError) -> Answer:
        """What becomes of a question that was answered by what is no answer; the worker ends."""
        self._breaches += 1
        self._first_breach = self._first_breach or str(breach)
        broken_off = isinstance(breach, BrokenOffError)
        return self._lost(Reply.TIMEOUT if broken_off else Reply.ERROR, str(breach))

    def _start(self) -> None:
        self._life = life = Life(self.adapter, paths=self._paths, switches=self._switches)
        life.start()
        if self._abandoned:  # while it was being started
            life.end()
        self._is_new = True

    def _lost(self, status: Reply, reason: str) -> Answer:
        self.close()
        if self._abandoned:
            return Answer(status=Reply.NOT_RUN, reason=self._abandoned)
        return Answer(status=status, reason=reason, stderr=self._life.printed)
