"""Usual ways of computing batch normalization, right and wrong ones, to run on one case.

Each is a formula that the project has already: a member of the panel of honest algorithms, or an
entry of the dictionary of faults.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.batches import through_earlier
from conformance.case import Actual, Dialect, Inputs
from conformance.faults import FAULTS
from conformance.faults.honest import PANEL
from conformance.faults.sheet import Edits, in_dialect, kernel

MOST_VALUES = 2**22
"""Values of x beyond which no way is run: to show a case takes seconds."""

MOST_STEPS = 2**18
"""Values per channel beyond which no way is run that rounds sum by sum, a step for each value."""

_HONEST = (("two-pass", "two-pass"), ("sequential", "plain loop"))
_FAULTS = (
    ("single-pass-variance", "single pass"),
    ("half-accumulation", "half sums"),
    ("statistics-of-bfloat16", "bfloat16 stats"),
    ("double-computed-in-single", "in float32"),
)
"""Names in the panel and in the dictionary, and what a table calls them."""

_STEPWISE = "half-accumulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of computing.

    Attributes:
        id: Its name in the panel of honest algorithms or in the dictionary of faults.
        title: What a table calls it, at most 14 characters.
        about: What it does, in a sentence or a title.
        honest: Whether it is a correct algorithm.
        edits: Cells of the sheet of formulas and the formulas that replace them.
    """

    id: str
    title: str
    about: str
    honest: bool
    edits: Edits

    def too_long(self, inputs: Inputs) -> str:
        """Why it is not run on a call of that size; empty where it is."""
        values = sum(batch.size for batch in (inputs.x, *inputs.earlier))
        if values > MOST_VALUES:
            return f"not run: {values:,} values, at most {MOST_VALUES:,}"
        steps = inputs.count * (1 + len(inputs.earlier))
        if self.id == _STEPWISE and steps > MOST_STEPS:
            return f"not run: {steps:,} steps, at most {MOST_STEPS:,}"
        return ""

    def answer(self, inputs: Inputs, dialect: Dialect) -> Actual:
        """What it returns, earlier batches included."""
        return through_earlier(kernel(in_dialect(dialect, self.edits)), inputs)


def usual(inputs: Inputs) -> tuple[Way, ...]:
    """The ways that there are for the types and the mode of a call, honest ones first.

    Statistics in half precision are sums in half precision where x has 16 bits, statistics of x as
    bfloat16 where it is float32, and float32 for float64.
    """
    honest = [
        Way(id=name, title=title, about=PANEL[name].about, honest=True, edits=PANEL[name].edits)
        for name, title in _HONEST
    ]
    wrong = [
        Way(id=name, title=title, about=FAULTS[name].title, honest=False, edits=FAULTS[name].edits)
        for name, title in _FAULTS
        if FAULTS[name].acts_on(inputs)
    ]
    return (*honest, *wrong)
