"""What a self-test found about one path, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NO_ANSWER = "no answer"
"""How the name of a finding begins that is about a call which ended in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        name: What it is, in a few words, such as ``"gamma ignored"``.
        seen: What was seen, and in which call.
        look: What to look at, or to do.
        certain: Whether it is a mistake of the adapter or of its declaration; where it may be the
            framework's own doing it is a doubt.
    """

    name: str
    seen: str
    look: str
    certain: bool = True

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.name}: {self.seen}. {self.look}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one path.

    Attributes:
        answered: How many calls it answered.
        findings: Mistakes first, each as they were met; then doubts.
        unasked: Calls that it does not take, with the reason.
        unseen: Outputs that it never returned.
    """

    answered: int
    findings: tuple[Finding, ...]
    unasked: tuple[str, ...]
    unseen: tuple[str, ...]

    @property
    def mistakes(self) -> tuple[Finding, ...]:
        """What is wrong with the adapter or its declaration."""
        return tuple(f for f in self.findings if f.certain)

    @property
    def passes(self) -> bool:
        """Whether something was asked, and no mistake was found."""
        return bool(self.answered) and not self.mistakes

    @property
    def verdict(self) -> str:
        """The outcome in a few words."""
        if not self.answered:
            return "could not be asked, and that is no pass"
        if self.mistakes:
            count = len(self.mistakes)
            return f"does not pass its self-test: {count} mistake{'s' if count > 1 else ''}"
        doubts = len(self.findings)
        said = f", with {doubts} doubt{'s' if doubts > 1 else ''}" if doubts else ""
        return f"passes its self-test{said} ({self.answered} calls)"


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Mistakes before doubts, and of each name the first alone: one mistake shows in many calls.

    A call without an answer follows what other calls have explained: it may be the same mistake.
    """
    first: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: (not f.certain, f.name.startswith(NO_ANSWER))):
        first.setdefault(finding.name, finding)
    return tuple(first.values())
