"""What a mutant is called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a mutant is called; it survives edits elsewhere in its file.

    Attributes:
        module: The file, from the root of the checkout on.
        where: The function or class that holds the edit; empty for the module itself.
        line: The lines that are edited, in one.
        becomes: The same after the edit; empty where the line is gone.
    """

    module: str
    where: str
    line: str
    becomes: str

    def __str__(self) -> str:
        """Three lines to read."""
        return f"{self.module} {self.where}\n    - {self.line}\n    + {self.becomes}"
