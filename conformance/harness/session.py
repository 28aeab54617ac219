"""The near side of a worker: describes an adapter, and asks its paths within a time limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.case import Case, Inputs
from conformance.errors import AdapterError, MessageError
from conformance.harness import described
from conformance.harness.answer import Answer, Message, Reply, get_ready, refusal
from conformance.harness.life import Life
from conformance.harness.posed import Posed
from conformance.harness.repeated import Series, read
from conformance.harness.request import Request, call_of, defaults_of, reproduction_of
from conformance.harness.series import series_of
from conformance.harness.shield.protections import Protections
from conformance.harness.talk import Talk

START_SECONDS = 300.0
"""How long a framework may take to be imported."""

CASE_SECONDS = 120.0
"""How long one case may take, compilation included."""


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
        hidden: Sequence[Path] = (),
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
            hidden: Folders of answers that the worker may not read, beside the package's own.
        """
        self.adapter = adapter
        self._case_seconds, self._start_seconds = case_seconds, start_seconds
        self._talk = Talk(
            adapter, paths=paths, switches=dict(switches or {}), life=life, hidden=hidden
        )
        self._declared: dict[str, Mapping[str, Any]] = {}
        self._has_loaded, self._is_asked = False, False

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
        self._talk.settle()
        return self._talk.breaches

    def describe(self) -> dict[str, Any]:
        """Versions, device and paths of the adapter; see `conformance.harness.worker.describe`.

        Raises:
            AdapterError: the adapter could not be loaded; the message says why.
        """
        self._talk.settle()
        try:
            sent = self._talk.send(Request(do="describe"), self._start_seconds)
            get_ready()
            told = self._talk.hear(sent)
            if isinstance(told, Message) and told.reply is Reply.OK:
                described.require(told.header, self.adapter)
        except MessageError as breach:
            told = self._talk.breached(breach)
        except ValueError as error:
            told = self._talk.breached(refusal(str(error)))
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
        posed = self.pose(path, case, repeat=repeat, leave_out=leave_out, read_only=read_only)
        return self.answer(posed)

    def pose(
        self,
        path: str,
        case: Case,
        *,
        repeat: bool = False,
        leave_out: tuple[str, ...] = (),
        read_only: bool = False,
    ) -> Posed:
        """The first half of `run`: put the question, and do not wait for its answer.

        Whoever poses one hears its `answer` before the next is put.

        Raises:
            AdapterError: the adapter could not be loaded.
        """
        request = call_of(
            path, case.inputs, repeat=repeat, leave_out=leave_out, read_only=read_only
        )
        return self._posed(path, request, case.id)

    def answer(self, posed: Posed) -> Answer:
        """The second half of `run`: what is answered, or what became of the worker."""
        told = self._told(posed)
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
        told = self._told(self._posed(path, request, seconds=seconds))
        if isinstance(told, Answer):
            return told
        return read(told) if told.reply is Reply.OK else told.answer()

    def call(self, path: str, inputs: Inputs) -> Answer:
        """Run a call that is no case on one path: it is asked of every path, sampled or not."""
        return self.answer(self._posed(path, call_of(path, inputs)))

    def defaults(self, path: str) -> Mapping[str, Any] | Answer:
        """What `conformance.adapter.Path.defaults` tells; why it does not, where it does not."""
        told = self._told(self._posed(path, defaults_of(path)))
        if isinstance(told, Answer):
            return told
        return told.header["defaults"] if told.reply is Reply.OK else told.answer()

    def reproduce(self, path: str, inputs: Inputs, output: str) -> str:
        """A program in the framework's own terms that makes a call and prints one output.

        Raises:
            AdapterError: the adapter writes none, or could not.
        """
        told = self._told(self._posed(path, reproduction_of(path, inputs, output)))
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
        self._talk.abandon(reason)

    @property
    def protections(self) -> Protections:
        """Which protections the worker has, or the last one had; known once it has answered."""
        return self._talk.protections

    def close(self) -> None:
        """End the worker, if there is one."""
        self._talk.close()

    def _start_for(self, path: str) -> None:
        """Have a worker that runs with the switches of a path, and that owes no answer."""
        self._talk.settle()
        if not self._talk.is_on:
            self.describe()
        wanted = self._declared[path]["switches"] if path in self._declared else {}
        if wanted != self._talk.switches:
            self.close()
            self._talk.switches, self._has_loaded = wanted, False
            self.describe()

    def _posed(
        self, path: str, request: Request, case: str | None = None, *, seconds: float = 0.0
    ) -> Posed:
        """Ask about a path.

        Raises:
            AdapterError: it does not load.
            RuntimeError: another question is still with the worker.
        """
        if self._is_asked:
            raise RuntimeError("a question was put before the answer to the last one was heard")
        answer = self._unasked(path, case)
        if answer is not None:
            return Posed(path=path, request=request, case=case, seconds=seconds, known=answer)
        was_new = self._talk.is_new()
        sent = self._talk.send(request, self._case_seconds + seconds)
        self._is_asked = True
        return Posed(
            path=path, request=request, case=case, seconds=seconds, was_new=was_new, sent=sent
        )

    def _told(self, posed: Posed) -> Message | Answer:
        """What is answered; asked anew, in another worker, where an earlier call may be to blame.

        Raises:
            AdapterError: it does not load.
        """
        if posed.sent is None:
            assert posed.known is not None  # noqa: S101 - it was not put for a reason
            return posed.known
        self._is_asked = False
        try:
            return self._talk.hear(posed.sent)
        except MessageError as breach:
            lost, is_own = self._talk.breached(breach), breach.is_own
        if posed.was_new or is_own or self._talk.abandoned:
            return lost
        again = replace(posed.request)
        return self._told(self._posed(posed.path, again, posed.case, seconds=posed.seconds))

    def _unasked(self, path: str, case: str | None) -> Answer | None:
        """The answer where a path cannot be asked or declared that it leaves a case out.

        Raises:
            AdapterError: it does not load; once it has, that is an error of one case alone.
        """
        if self._talk.abandoned:
            return self._talk.lost(Reply.CRASH, "it was ended")
        try:
            self._start_for(path)
        except AdapterError as error:
            if self._talk.abandoned:  # by a signal, while it was being loaded
                return self._talk.lost(Reply.CRASH, "it was ended")
            if not self._has_loaded:
                raise
            return Answer(status=Reply.ERROR, reason=f"it does not load again: {error}")
        declared = self._declared.get(path)
        why = declared and case and described.left_out(declared, case)
        return Answer(status=Reply.NOT_RUN, reason=why) if why else None
