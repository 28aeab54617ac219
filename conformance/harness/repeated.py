"""What came of a series of calls, once its answer is known to keep the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.harness.answer import REPLIES, Answer, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What came of a series.

    Attributes:
        answers: The different answers.
        calls: Which of the calls each of them is an answer to.
        came: For each call that was made, in order, which answer came.
    """

    answers: tuple[Answer, ...]
    calls: tuple[int, ...]
    came: tuple[int, ...]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The call and the answer of each call that was made, by their numbers."""
        return ((self.calls[each], each) for each in self.came)


def read(message: Message) -> Series:
    """What an answer tells."""
    told = message.header["distinct"]
    answers = []
    for number, one in enumerate(told):
        own = {n: a for n, a in message.arrays.items() if n.startswith(f"{number}/")}
        answers.append(
            Answer(
                status=REPLIES[one["status"]],
                reason=one["reason"] or None,
                outputs={name.partition("/")[2]: array for name, array in own.items()},
            )
        )
    return Series(
        answers=tuple(answers),
        calls=tuple(one["call"] for one in told),
        came=tuple(message.header["came"]),
    )
