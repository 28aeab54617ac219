"""What the words and signs of a report mean; every format shows these and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.verdict.record import SEVERITY, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How one status is shown.

    Attributes:
        symbol: Unlike every other symbol, so that colour is never the only signal.
        meaning: What it says about the output, in a sentence.
        style: Its colour in a terminal, in rich's terms.
    """

    symbol: str
    meaning: str
    style: str


SIGNS: Mapping[Status, Sign] = {
    Status.PASS: Sign(
        symbol="✓",
        meaning="Within the derived error bound: grade A or B.",
        style="green",
    ),
    Status.DEGRADED: Sign(
        symbol="≈",
        meaning="Grade C: loses what a one-pass variance loses at this mean/std, nothing worse.",
        style="yellow",
    ),
    Status.FAIL: Sign(
        symbol="✗",
        meaning="Grade F: further from the exact value than any sound method explains, NaN "
        "where a number is due, or a wrong shape or type.",
        style="bold red",
    ),
    Status.UNSUPPORTED: Sign(
        symbol="–",  # noqa: RUF001 - a dash, because nothing was compared
        meaning="Not compared: the path cannot take this case or does not compute this output.",
        style="dim",
    ),
    Status.ERROR: Sign(
        symbol="E",
        meaning="The call raised an exception that is no statement of what is supported.",
        style="bold red",
    ),
    Status.CRASH: Sign(
        symbol="†",
        meaning="The process died in this case (signal or exit).",
        style="bold white on red",
    ),
    Status.TIMEOUT: Sign(
        symbol="T",
        meaning="The call did not end in the time allowed and was stopped.",
        style="bold red",
    ),
    Status.NOT_RUN: Sign(
        symbol="○",
        meaning="Not compared: the case was not tried, or a path that was expected did not report.",
        style="dim",
    ),
    Status.EXPECTED_FAIL: Sign(
        symbol="(✗)",
        meaning="Fails, as the adapter's expectations say, with the reason; it still ran.",
        style="cyan",
    ),
    Status.FLAKY: Sign(
        symbol="±",
        meaning="Comes and goes, as the adapter's expectations say, with the rate: neither red nor "
        "green, whichever way it came out this time.",
        style="blue",
    ),
    Status.UNEXPECTED_PASS: Sign(
        symbol="✓!",
        meaning="Was expected to fail and passes: the expectation is out of date.",
        style="bold magenta",
    ),
}
"""One sign for every status."""

GRADES: Mapping[str, str] = {
    "A": "at most 16 error units (fewer where the sums are exact): as accurate as the input "
    "deserves",
    "B": "what adding these very terms one after the other loses, nothing worse",
    "C": "within the one-pass-variance class; conforms on well-conditioned cases only",
    "F": "anything else",
}
"""What each grade means."""

UNITS = (
    "Error units: the distance from the exact value, divided by what one rounding of each input "
    "causes there. A cell shows its first status in this order, its worst grade, its largest "
    "error in units (∞: a NaN, an infinity or a wrong shape) and how many outputs have each "
    "status."
)
"""What the figure in a cell is."""

ORDER = tuple(status.value for status in SEVERITY)
"""The order in which a report names statuses."""
