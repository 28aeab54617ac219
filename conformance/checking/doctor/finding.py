"""What an experiment says about one convention, and what it needs to be able to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from conformance.case import Actual, Inputs

CONVENTIONS = (
    "momentum",
    "running_var",
    "eps",
    "layout",
    "inv_std",
    "var",
    "default eps",
    "default momentum",
)
"""What is looked for, in the order in which it is told."""

UNKNOWN = "unknown"


class Ask(Protocol):
    """Calls the kernel once."""

    def __call__(self, inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        """Its outputs on a call; arguments of `leave_out` are not given.

        Raises:
            Unsupported: it does not take the call.
            ConformanceError: there is no answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one convention.

    Attributes:
        convention: One of `CONVENTIONS`.
        found: What the kernel does, such as ``"old"``; ``"unknown"`` where nothing shows it.
        usual: Whether that is what the suite takes for granted.
        sentence: What was seen, in words.
        setting: What to set or to change; None where nothing is.
        confident: Whether one explanation fits and every other is far off.
    """

    convention: str
    found: str
    usual: bool
    sentence: str
    setting: str | None = None
    confident: bool = True


def unknown(convention: str, why: str) -> Finding:
    """A convention that nothing shows."""
    return Finding(convention=convention, found=UNKNOWN, usual=False, sentence=why, confident=False)
