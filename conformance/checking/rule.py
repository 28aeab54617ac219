"""The rule by which two levels, values and edges, become one verdict."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.errors import InputError

GRADES = ("A", "B", "C")
"""Grades that one may ask for, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is asked of a kernel that conforms.

    Attributes:
        minimum_grade: The worst grade that still conforms, ``"A"``, ``"B"`` or ``"C"``.
        strict: Whether every edge that was tried must be kept, too.
    """

    minimum_grade: str = "B"
    strict: bool = False

    def __post_init__(self) -> None:
        """Refuse a grade that is none.

        Raises:
            InputError: the message shows it.
        """
        if self.minimum_grade not in GRADES:
            raise InputError(
                f"the minimum grade is {self.minimum_grade!r}, {', '.join(GRADES)} were wanted: "
                "B admits sums one after the other, C what E[x^2] - mean^2 loses."
            )
