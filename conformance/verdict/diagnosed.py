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
        title: That fault in words, and those at once with it; without one, which terms are off.
        matched: On how many failing cases it holds; on how many outputs, if by place.
        of: How many cases fail in these outputs, in the calls that `only` names.
        also: Faults that explain the same and cannot be told apart on these cases.
        by_place: Recognised by where it fails, not by the values.
        together: Ids of the faults that are in the kernel at once with `fault`.
        only: The mode and the type of x that it is confined to; empty where it is in all.
    """

    outputs: tuple[str, ...]
    fault: str | None
    title: str
    matched: int
    of: int
    also: tuple[str, ...] = ()
    by_place: bool = False
    together: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The diagnosis in one line."""
        subject = ", ".join(self.outputs) or "inputs"
        if self.only:
            subject += f" in {', '.join(f'{o} mode' if o in _MODES else o for o in self.only)}"
        if self.fault is None:
            where = f", on {self.matched} of {self.of} cases" if self.matched else ""
            return f"{subject}: {self.title}{where}"
        named = f"{self.title!r} ({' with '.join((self.fault, *self.together))})"
        also = f"; so would {', '.join(self.also)}" if self.also else ""
        if self.by_place:
            places = f"in {self.matched} of {self.of} places"
            return f"{subject}: wrong where {named} is, {places}{also}"
        if self.matched < self.of and self.outputs:
            return f"{subject}: {self.matched} of {self.of} failures match {named}{also}"
        if self.of == 1 and self.outputs:
            return f"{subject}: agrees with {named} on the only case that shows it{also}"
        return f"{subject}: matches {named} on {self.matched} of {self.of} cases{also}"


_MODES = ("train", "test")


def decode(payload: Mapping[str, Any]) -> Diagnosis:
    """Undo ``encode(asdict(diagnosis))`` of `conformance.verdict.record`.

    Records that were written before a fault could have company lack the last two lists.
    """
    lists = {name: tuple(payload.get(name, ())) for name in _LISTS}
    return Diagnosis(**{**payload, **lists})


_LISTS = ("outputs", "also", "together", "only")
