"""What a diagnosis says, as it is stored and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is wrong with some outputs of a path.

    Attributes:
        outputs: Their names; empty where not an output but an input is wrong.
        fault: Id of the fault of `conformance.faults` that explains them; None if none does.
        title: That fault in words; without one, which terms are off.
        matched: On how many cases it holds; on how many outputs, if by place.
        of: On how many it should.
        also: Faults that explain the same and cannot be told apart on these cases.
        by_place: Recognised by where it fails, not by the values.
    """

    outputs: tuple[str, ...]
    fault: str | None
    title: str
    matched: int
    of: int
    also: tuple[str, ...] = ()
    by_place: bool = False

    @property
    def sentence(self) -> str:
        """The diagnosis in one line."""
        subject = ", ".join(self.outputs) or "inputs"
        if self.fault is None:
            where = f", on {self.matched} of {self.of} cases" if self.matched else ""
            return f"{subject}: {self.title}{where}"
        named = f"{self.title!r} ({self.fault})"
        also = f"; so would {', '.join(self.also)}" if self.also else ""
        if self.by_place:
            places = f"in {self.matched} of {self.of} places"
            return f"{subject}: wrong where {named} is, {places}{also}"
        return f"{subject}: matches {named} on {self.matched} of {self.of} cases{also}"


def decode(payload: Mapping[str, Any]) -> Diagnosis:
    """Undo ``encode(asdict(diagnosis))`` of `conformance.verdict.record`."""
    lists = {name: tuple(payload[name]) for name in ("outputs", "also")}
    return Diagnosis(**{**payload, **lists})
