"""What is captured of a model: which layers, in which steps, and how much of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from conformance.cases.golden.content import CAP
from conformance.errors import InputError, SelectionError

MOST_VALUES = 1 << 20
"""Values of x that are kept of all calls together, where nothing else is said."""

LARGEST = CAP // np.dtype(np.float64).itemsize * 3 // 4
"""Values of x of one call: with dy, y and dx in float64 they fit into a golden file."""

_NEAR = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is captured.

    Attributes:
        layers: Globs over the names of layers, such as ``"layer1.*"``.
        steps: Numbers of the steps, from 0; None for all.
        most_values: Values of x that are kept of all calls together; the largest calls go first.
        channels: How many channels of each call are kept, evenly spread; None for all.
    """

    layers: tuple[str, ...] = ("*",)
    steps: frozenset[int] | None = None
    most_values: int = MOST_VALUES
    channels: int | None = None

    def __post_init__(self) -> None:
        """Refuse what chooses nothing.

        Raises:
            InputError: the message shows the value.
        """
        if not self.layers or not all(self.layers):
            raise InputError(
                f"layers is {self.layers!r}, names or globs of layers were wanted. "
                "Leave it out to capture all."
            )
        if self.steps is not None and (not self.steps or min(self.steps) < 0):
            raise InputError(
                f"steps is {sorted(self.steps)}, numbers from 0 on were wanted. "
                "Leave it out for all."
            )
        for name in ("most_values", "channels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}, a number from 1 on was wanted.")

    def takes_layer(self, name: str) -> bool:
        """Whether a layer is chosen."""
        return any(fnmatchcase(name, glob) for glob in self.layers)

    def takes_step(self, step: int) -> bool:
        """Whether a step is chosen."""
        return self.steps is None or step in self.steps

    def kept(self, channels: int) -> tuple[int, ...] | None:
        """Which of so many channels are kept; None for all."""
        if self.channels is None or self.channels >= channels:
            return None
        return tuple(int(c) for c in np.linspace(0, channels - 1, self.channels).round())

    def require_some(self, names: Iterable[str]) -> None:
        """Refuse patterns that match no layer.

        Args:
            names: The batch normalizations that there are.

        Raises:
            SelectionError: the message lists them.
        """
        there = list(dict.fromkeys(names))
        if any(map(self.takes_layer, there)):
            return
        if not there:
            raise SelectionError(
                "no batch normalization was seen, one or more was wanted: the model has none of a "
                "class that is known, or runs in a function that was compiled before it was "
                "watched. docs/capture.md says what can be captured."
            )
        more = f" and {len(there) - _NEAR} more" if len(there) > _NEAR else ""
        raise SelectionError(
            f"no batch normalization matches {', '.join(map(repr, self.layers))}. The model has: "
            f"{', '.join(there[:_NEAR])}{more}."
        )
