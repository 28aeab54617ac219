"""Designs that cover combinations: rows in which any so many choices meet, held as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeAlias

Part: TypeAlias = tuple[tuple[str, ...], Callable[..., bool]]
"""A condition, with the factors that it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is combined, and how closely.

    Attributes:
        package: Where ``design.csv`` lies, which ``tox run -e cover`` writes.
        strength: Any so many choices of different factors meet in some row.
        factors: The choices of each factor.
        parts: Conditions that hold in every row.
    """

    package: str
    strength: int
    factors: Mapping[str, Sequence[Any]]
    parts: tuple[Part, ...]

    def is_possible(self, chosen: Mapping[str, Any]) -> bool:
        """Whether choices of some factors can meet, as far as they are known."""
        return all(
            holds(*(chosen[name] for name in names))
            for names, holds in self.parts
            if all(name in chosen for name in names)
        )

    def lines(self) -> list[dict[str, Any]]:
        """The rows, each choice as `factors` has it.

        Raises:
            KeyError: a row has a choice that the factors have not.
        """
        file = resources.files(self.package).joinpath("design.csv")
        spelled = {n: {str(choice): choice for choice in c} for n, c in self.factors.items()}
        rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
        return [{name: spelled[name][text] for name, text in row.items()} for row in rows]
