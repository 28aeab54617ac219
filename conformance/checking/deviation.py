"""Something that is not as a statement says."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.printable import cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Something that is not as the statement says.

    Attributes:
        what: Which entry.
        stated: What the statement says.
        found: What is so.
        breaks: Whether the statement does not hold because of it; what may well differ between two
            runs, such as the time and the machine, is only told.
    """

    what: str
    stated: object
    found: object
    breaks: bool

    def __str__(self) -> str:
        word = "breaks" if self.breaks else "differs"
        stated, found = cut(str(self.stated), _SHOWN), cut(str(self.found), _SHOWN)
        return f"{word}: {cut(self.what, _SHOWN)} was {stated}, is {found}"


_SHOWN = 120
"""Characters of a value that are shown."""
