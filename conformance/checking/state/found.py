"""What was found out about a kernel that is called many times, as frozen data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.report.wording import account
from conformance.verdict.record import OutputResult

AGAIN, CHANGED, QUEUE, CHANCE = "asked-again", "changed-call", "calls-before", "by-chance"
SEQUENCE, SOAK, LEAVES = "sequence", "soak", "frozen-leaves"
"""Names of what an answer may depend on; `docs/check.md` says what each means."""

RIGHT, WRONG, UNTOLD = "right", "wrong", "untold"
"""What a fresh process answers to the same call; untold where it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependence:
    """An answer that depends on the calls before it, or that only a series of calls shows.

    Attributes:
        kind: One of the names above.
        case: Id of the call that was answered so.
        outputs: Outputs whose bits, or whose verdict, differ.
        wrong: Whether an answer is beyond its bounds; else all of them are right.
        before: Ids of calls that suffice before it, in order; empty where no short series does, or
            none is needed.
        alone: What a fresh process answers.
        sentence: All of that in words.
    """

    kind: str
    case: str
    outputs: tuple[str, ...]
    wrong: bool
    before: tuple[str, ...] = ()
    alone: str = UNTOLD
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What a soak came to.

    Attributes:
        seconds: How long it took.
        calls: How many calls were made.
        pool: How many different calls these were.
        answers: How many different answers came, by their bits.
        wrong: How many calls were answered wrongly.
    """

    seconds: float
    calls: int
    pool: int
    answers: int
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a kernel was called many times, and what depends on the calls before.

    Attributes:
        seed: What the order of all calls was drawn from, in hex; empty where they came as listed.
        again: How many cases were asked once more, later in the same process.
        changed: How many calls followed one of the same shape with another eps, other parameters
            or other values.
        sequences: Names of the sequences that were run on one instance.
        soak: What came of the soak; None where there was none.
        found: What was found.
    """

    seed: str = ""
    again: int = 0
    changed: int = 0
    sequences: tuple[str, ...] = ()
    soak: Soaked | None = None
    found: tuple[Dependence, ...] = ()


def in_words(outputs: Mapping[str, OutputResult], wrong: Sequence[str]) -> str:
    """What is wrong with the first of some outputs, and which others are."""
    first, *others = wrong
    also = f"; and {', '.join(others)}" if others else ""
    return f"{first}: {outputs[first].status}: {account(first, outputs[first])}{also}"


def notes(found: Iterable[Dependence]) -> tuple[str, ...]:
    """What a reader must know: each finding, but of wrong sequences two and a count."""
    every = tuple(found)
    wrong = [each for each in every if each.kind == SEQUENCE]
    said = tuple(each.sentence for each in every if each not in wrong[_SHOWN:])
    more = len(wrong) - _SHOWN
    beside = (f"{more} more sequences on one instance are wrong",) if more > 0 else ()
    return (*said, *beside)


_SHOWN = 2


def reasons(found: Iterable[Dependence]) -> tuple[str, ...]:
    """Why nothing that a kernel answered counts: the same words at every check."""
    wrong = {each.kind for each in found if each.wrong}
    return tuple(words for kind, words in _SPOILT.items() if kind in wrong)


_SPOILT = {
    AGAIN: "a case that was right is answered wrongly when it is asked again",
    CHANGED: "a call is answered wrongly that follows one of its shape with another eps, other "
    "parameters or other values",
    SEQUENCE: "a sequence of calls on one instance is answered wrongly",
    LEAVES: "a call is answered wrongly where one of its gradients is not asked for",
    SOAK: "one of many calls in a row is answered wrongly",
}
"""Why what is wrong in the queue of cases has no words here: its outputs are red themselves."""
