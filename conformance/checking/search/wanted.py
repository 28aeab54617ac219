"""Which calls a search draws from, and what is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any, get_args

from conformance.adapter import MASKS
from conformance.case import Kind
from conformance.errors import InputError
from conformance.float_types import HALVES, MIXED, NARROW

TYPES = ("float32", "float64", *MIXED, *HALVES, *NARROW)
"""Types of x, after a ``+`` of the parameters; a failure shrinks to the first that shows it."""

RANKS = (2, 3, 4, 5)
EARLIER = 2
MEMORIES: tuple[Kind, ...] = get_args(Kind)

_KNOWN: dict[str, tuple[Any, ...]] = {
    "dtypes": TYPES,
    "ranks": RANKS,
    "training": (True, False),
    "memories": MEMORIES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls may be drawn; of each tuple the first is the simplest.

    Attributes:
        dtypes: Members of `TYPES`.
        ranks: Ranks of x, from 2 to 5.
        training: True for training mode, False for test mode.
        memories: How the arrays may lie in memory.
        absent: Whether gamma, beta and (in training) the running statistics may be absent.
        gradients: Whether there may be a dy.
        per_activation: Whether the per-activation mode may be drawn.
        earlier: The most batches that may come before x.
        empty: Whether a batch may be empty.
        long: Whether the first axis may be long: kernels have blocks, and what is left of them.
        large: Whether any axis has one of the sizes at which kernels change their path.
        masks: Which masks there may be at times, in training, where no axis is large.
    """

    dtypes: tuple[str, ...]
    ranks: tuple[int, ...]
    training: tuple[bool, ...]
    memories: tuple[Kind, ...]
    absent: bool
    gradients: bool
    per_activation: bool
    earlier: int
    empty: bool
    long: bool = False
    large: bool = False
    masks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            InputError: nothing or something unknown is named, or the options exclude each other.
        """
        for name in (f.name for f in fields(self) if f.name in _KNOWN):
            _require_known(name, getattr(self, name), _KNOWN[name])
        if not {*self.masks} <= MASKS:
            raise InputError(
                f"masks is {self.masks!r}, some of {sorted(MASKS)} were wanted. Give those alone."
            )
        if not 0 <= self.earlier <= EARLIER:
            raise InputError(
                f"earlier is {self.earlier!r}, a number of batches from 0 to {EARLIER} was "
                "wanted. Give one of those."
            )


def _require_known(name: str, given: Collection[Any], known: tuple[Any, ...]) -> None:
    unknown = [value for value in given if value not in known]
    if not given or unknown:
        raise InputError(
            f"{name} is {given!r}, one or more of {known!r} were wanted. "
            f"{f'Leave {unknown!r} out' if unknown else 'Name one'}."
        )
