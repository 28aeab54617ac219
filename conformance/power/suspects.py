"""Kernels that are wrong on purpose: the fault dictionary and the generated mutants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from conformance import adapter
from conformance.adapter import MASKS, Capabilities, Path
from conformance.case import Inputs
from conformance.faults import FAULTS
from conformance.float_types import NARROW
from conformance.power import mutants

EVERYTHING = Capabilities(per_activation=True, narrow=frozenset(NARROW), masks=MASKS)
"""Whatever a case may ask: what kernels that are made of formulas can do."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One wrong kernel, by name, so that another process can make it.

    Attributes:
        kind: Whether the dictionary has it or a rule made it.
        id: Its id there.
    """

    kind: Literal["fault", "mutant"]
    id: str

    @property
    def path(self) -> Path:
        """The kernel as a path of an adapter, with its dialect and what it can take."""
        if self.kind == "fault":
            fault = FAULTS[self.id]
            return Path(
                name=fault.id,
                about=fault.title,
                run=fault.kernel,
                dialect=fault.dialect,
                capabilities=EVERYTHING,
            )
        mutant = _mutants()[self.id]
        original = adapter.load("textbook").path(mutant.path)
        return replace(original, name=mutant.id, run=mutants.kernel(mutant))

    def exists_for(self, inputs: Inputs) -> bool:
        """Whether the kernel is wrong for inputs of these types."""
        return self.kind == "mutant" or FAULTS[self.id].exists_for(inputs)


def dictionary() -> tuple[Suspect, ...]:
    """Every fault of the dictionary."""
    return tuple(Suspect("fault", fault) for fault in FAULTS)


def generated() -> tuple[Suspect, ...]:
    """Every generated mutant."""
    return tuple(Suspect("mutant", mutant) for mutant in _mutants())


@cache
def _mutants() -> dict[str, mutants.Mutant]:
    return {mutant.id: mutant for mutant in mutants.mutants()}
