"""Talking to one worker after the other: a question, and what comes back or became of the worker.

What is asked, and of which path, is `conformance.harness.session`'s.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import MessageError
from conformance.harness.answer import Answer, Message, Reply, receive, refusal
from conformance.harness.channel import BrokenOffError, DeadlineError, in_words
from conformance.harness.life import Life
from conformance.harness.request import Request
from conformance.harness.shield.protections import Protections

_CLOCKS = 0.1
"""Seconds by which two clocks of one machine may differ over a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A question that was put to a worker, or could not be.

    Attributes:
        request: The question.
        seconds: How long its answer may take.
        life: The worker.
        begun: When it began to be sent, by `time.monotonic`.
        failure: Why it could not be sent; None where it was.
    """

    request: Request
    seconds: float
    life: Life
    begun: float
    failure: Exception | None


class Talk:
    """The worker that there is, or the next one; it is started where it is asked and not there."""

    def __init__(
        self,
        adapter: str,
        *,
        paths: Sequence[str],
        switches: Mapping[str, str],
        life: Life | None,
        hidden: Sequence[Path] = (),
    ) -> None:
        """Prepare; nothing starts before the first question.

        Args:
            adapter: What a worker loads.
            paths: Where it looks for modules, before its own places.
            switches: Environment variables that are set for it.
            life: One that has started; it is ended here.
            hidden: Folders of answers that no worker may read, beside the package's own.
        """
        self._adapter, self._paths, self.switches = adapter, tuple(paths), switches
        self._hidden = tuple(hidden)
        self._life = life or Life(adapter)  # that of the worker there is, or of the last one
        self.abandoned = ""
        self._is_new = True
        self._breaches, self._first_breach = 0, ""

    @property
    def is_on(self) -> bool:
        """Whether there is a worker."""
        return self._life.is_on

    @property
    def protections(self) -> Protections:
        """Which protections the worker has, or the last one had; known once it has answered."""
        return self._life.protections

    @property
    def breaches(self) -> str | None:
        """What came over the pipe and was no answer to a question, in words; None without any."""
        if not self._breaches:
            return None
        often = "once" if self._breaches == 1 else f"{self._breaches:,} times, at first"
        return f"{often}, {self._first_breach}"

    def is_new(self) -> bool:
        """Whether no call was made in this worker so far; asked just before one is."""
        was_new, self._is_new = self._is_new, False
        return was_new

    def abandon(self, reason: str) -> None:
        """End the worker at once; whatever is asked from now on is not run, for that reason.

        Safe in a signal handler and from another thread than the one that asks.
        """
        self.abandoned = reason
        self._life.end()

    def close(self) -> None:
        """End the worker, if there is one."""
        self._life.close()

    def settle(self) -> None:
        """End a worker that said something between two questions: its next answer is in doubt."""
        found = self._life.channel.unasked() if self._life.is_on else b""
        if found:
            self.breached(refusal(in_words(found, "came between two questions")))

    def send(self, request: Request, seconds: float) -> Sent:
        """Put a question; what goes wrong is told where its answer is heard."""
        failure: Exception | None = None
        if not (self._life.is_on or self.abandoned):
            self._start()
        life, begun = self._life, time.monotonic()
        try:
            if not self.abandoned:
                life.channel.put(request.encoded(), begun + seconds)
        except (EOFError, DeadlineError, ValueError) as error:
            failure = error
        return Sent(request=request, seconds=seconds, life=life, begun=begun, failure=failure)

    def hear(self, sent: Sent) -> Message | Answer:
        """What is answered, or what became of the worker.

        Raises:
            MessageError: what came is no answer to the question.
        """
        if self.abandoned:
            return self.lost(Reply.CRASH, "it was ended")
        life, seconds = sent.life, sent.seconds
        try:
            if sent.failure is not None:
                raise sent.failure
            life.channel.listen()
            message = receive(life.channel.fill, sent.request)
            life.hear()
        except EOFError:
            return self.lost(Reply.CRASH, life.why_over())
        except DeadlineError as late:
            why = f"no answer within {seconds:g} s{late}"
            if late.begun:
                raise BrokenOffError(why) from late
            return self.lost(Reply.TIMEOUT, why)
        except ValueError as error:
            raise refusal(str(error)) from error
        if message.header.get("seconds", 0) > time.monotonic() - sent.begun + _CLOCKS:
            raise refusal("it tells of more seconds than the answer took")
        return message

    def breached(self, breach: MessageError) -> Answer:
        """What becomes of a question that was answered by what is no answer; the worker ends."""
        self._breaches += 1
        self._first_breach = self._first_breach or str(breach)
        broken_off = isinstance(breach, BrokenOffError)
        return self.lost(Reply.TIMEOUT if broken_off else Reply.ERROR, str(breach))

    def lost(self, status: Reply, reason: str) -> Answer:
        """What becomes of a question whose worker is gone, or is to end now."""
        self.close()
        if self.abandoned:
            return Answer(status=Reply.NOT_RUN, reason=self.abandoned)
        return Answer(status=status, reason=reason, stderr=self._life.printed)

    def _start(self) -> None:
        self._life = life = Life(
            self._adapter, paths=self._paths, switches=self.switches, hidden=self._hidden
        )
        life.start()
        if self.abandoned:  # while it was being started
            life.end()
        self._is_new = True
