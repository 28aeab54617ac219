"""What a fault is: an edit of the correct kernel, with what shows it and what hides it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import permutations, product
from typing import Literal

import numpy as np

from conformance.arrays import RUNNING
from conformance.case import Dialect, Inputs, Kernel
from conformance.cases.catalogue.sources import SOURCES
from conformance.faults.sheet import (
    STAGED,
    Edits,
    Formula,
    Sheet,
    in_dialect,
    kernel,
    stacked,
)
from conformance.float_types import HALVES, MIXED, NARROW, TYPES

NORMALIZED = ("y", "dx", "dgamma", "inv_std")
"""What a wrong inverse std touches."""

BY_STATISTICS = (*NORMALIZED, "mean", "var", *RUNNING)
"""What a wrong statistic of the batch touches."""

IN_HALF = (*HALVES, *MIXED)
"""Types of a call whose x has 16 bits."""

Lots = Callable[[Inputs], int]
Calls = Callable[[Inputs], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One known bug, executable: a correct kernel that differs in exactly the declared way.

    Attributes:
        id: Short name, unique.
        title: What is wrong, in the words of a report.
        math: The formula as the fault has it.
        touches: Outputs that may come out wrong.
        mode: Whether training, test mode or both are touched.
        shows: What input shows it.
        hides: What input hides it.
        edits: Cells of the sheet and the formulas that replace them.
        core: Whether it is one of the faults that every suite must catch with a wide margin.
        types: Types of x (after a ``+`` of the parameters) in which it exists.
        dialect: The conventions of the kernel that has it.
        lots: For a fault that chance decides: how many ways a channel can go wrong.
        rounding: Its values depend on the order of rounding, so that another kernel with the
            same fault fails in the same places with other values.
        accepted: Why it is no fault to this suite; empty for all others.
        refuses: For a fault that gives no answer: the calls that it refuses.
        otherwise: Other ways for it to come out, where kernels and frameworks differ.
    """

    id: str
    title: str
    math: str
    touches: tuple[str, ...]
    mode: Literal["train", "test", "both"]
    shows: str
    hides: str
    edits: Edits
    core: bool = False
    types: tuple[str, ...] = TYPES
    dialect: Dialect = field(default_factory=Dialect)
    lots: Lots | None = None
    rounding: bool = False
    accepted: str = ""
    refuses: Calls | None = None
    otherwise: tuple[Edits, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it was seen: addresses or names of documents; none if it was derived."""
        return SOURCES.get(self.id, ())

    @property
    def kernel(self) -> Kernel:
        """A kernel that has this fault and no other."""
        return self.by_chance(0)

    def exists_for(self, inputs: Inputs) -> bool:
        """Whether the fault exists for inputs of these types; narrower parameters hide none."""
        of_x = {str(inputs.x.dtype)} if inputs.types in NARROW else set[str]()
        return not {inputs.types, *of_x}.isdisjoint(self.types)

    def acts_on(self, inputs: Inputs) -> bool:
        """Whether the fault can make anything wrong on inputs of these types in this mode."""
        return self.exists_for(inputs) and self.mode in ("both", inputs.mode)

    def exists_in(self, dialect: Dialect) -> bool:
        """Whether a kernel of a dialect can have the fault."""
        usual, own = Dialect(), self.dialect
        return own.running_var in (usual.running_var, dialect.running_var) and own.eps in (
            usual.eps,
            dialect.eps,
        )

    def ways(self, inputs: Inputs, dialect: Dialect) -> list[Edits]:
        """The fault without chance: one edit for every way in which a channel can go wrong.

        Where mean and deviations do not fit together any more, the closed form of dx and the
        staged one differ: both are ways.

        Args:
            inputs: The call.
            dialect: The conventions of the kernel that has the fault.
        """
        return ways((self,), inputs, dialect)

    def by_chance(self, call: int) -> Kernel:
        """A kernel that has this fault, in which chance falls otherwise in each call.

        Args:
            call: The number of the call.
        """
        return kernel(in_dialect(self.dialect, {"lot": self._lot_of(call), **self.edits}))

    def _lot_of(self, call: int) -> Formula:
        def lot(s: Sheet) -> object:
            """Chance, the same for the same inputs: a number below `lots` for each channel."""
            seed = np.frombuffer(np.ascontiguousarray(s.inputs.x).tobytes()[:64], np.uint8)
            many = self.lots(s.inputs) if self.lots else 1
            drawn = np.random.default_rng([*seed.tolist(), *([call] if call else [])])
            return drawn.integers(0, max(many, 1), (len(s.x), 1))

        return lot


def ways(faults: Sequence[Fault], inputs: Inputs, dialect: Dialect) -> list[Edits]:
    """Faults at once in one kernel, without chance: one edit for every way to come out.

    Where they replace the same formula, either may have the last word: both are ways.

    Args:
        faults: The faults, at least one.
        inputs: The call.
        dialect: The conventions of the kernel that has them.
    """
    touched = {name for fault in faults for name in fault.touches}
    backward: tuple[Edits, ...] = ({}, STAGED) if "dx" in touched else ({},)
    lots = max(fault.lots(inputs) if fault.lots else 1 for fault in faults)
    return [
        in_dialect(dialect, {"lot": _always(lot), **stacked(form, edits)})
        for form in backward
        for edits in at_once(faults)
        for lot in range(lots)
    ]


def at_once(faults: Sequence[Fault]) -> list[Edits]:
    """Faults at once, in the orders that differ: those in which they share a formula."""
    orders: list[Sequence[Fault]] = [faults]
    cells = [cell for fault in faults for cell in fault.edits]
    if len(set(cells)) < len(cells):
        orders = [list(order) for order in permutations(faults)]
    return [reduce(stacked, form) for order in orders for form in _together(order)]


def _together(faults: Sequence[Fault]) -> list[tuple[Edits, ...]]:
    """Forms of faults at once: a kernel that has several to choose from chose one for all."""
    forms = [_forms(fault) for fault in faults]
    if len({len(each) for each in forms}) == 1:
        return list(zip(*forms, strict=True))
    return list(product(*forms))


def _forms(fault: Fault) -> list[Edits]:
    return [fault.edits, *fault.otherwise]


def _always(lot: int) -> Formula:
    return lambda s: np.full((len(s.x), 1), lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A known bug that cannot be shown by inputs and outputs of one call on one processor."""

    id: str
    title: str
    why: str

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it was seen."""
        return SOURCES.get(self.id, ())
