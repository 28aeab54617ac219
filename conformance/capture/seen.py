"""What is seen of a model while it runs: calls of its batch normalizations, within a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from conformance.arrays import LIKE_X
from conformance.capture.choice import LARGEST, Choice
from conformance.case import Array, Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a layer normalizes in one call.

    Attributes:
        eps: Added to the variance.
        momentum: Weight of the new statistics in the running ones, whatever the framework calls so.
        training: Whether by the statistics of the batch.
        axis: The channel axis.
    """

    eps: float
    momentum: float
    training: bool
    axis: int


@dataclass(slots=True, kw_only=True, eq=False)
class Seen:
    """One call of one layer.

    Attributes:
        layer: The name of the layer in the model.
        step: In which step.
        number: How often the layer was called in the step before.
        shape: The shape of x, all channels included.
        setting: How it normalized.
        kept: The channels that are kept; None for all.
        given: What it was given, by the names of `conformance.arrays.INPUT_NAMES`.
        gave: What the framework gave, by the names of outputs.
        memory: How arrays lay in memory, as `conformance.case.Inputs` has it.
        notes: What else is to be known of it.
    """

    layer: str
    step: int
    number: int
    shape: tuple[int, ...]
    setting: Setting
    kept: tuple[int, ...] | None
    given: dict[str, Array] = field(default_factory=dict)
    gave: dict[str, Array] = field(default_factory=dict)
    memory: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_dropped: bool = False

    @property
    def size(self) -> int:
        """How many values of x are kept."""
        return prod(self.shape) // max(self.shape[self.setting.axis], 1) * self.channels

    @property
    def channels(self) -> int:
        """How many channels are kept."""
        return self.shape[self.setting.axis] if self.kept is None else len(self.kept)

    def give(self, name: str, array: Array) -> None:
        """Keep what the layer was given."""
        if not self.is_dropped:
            self.given[name] = self._cut(name, array)

    def got(self, name: str, array: Array) -> None:
        """Keep what the framework gave."""
        if not self.is_dropped:
            self.gave[name] = self._cut(name, array)

    def drop(self) -> None:
        """Let go of all arrays."""
        self.is_dropped = True
        self.given.clear()
        self.gave.clear()

    def _cut(self, name: str, array: Array) -> Array:
        """The channels that are kept, in memory of their own."""
        axis = self.setting.axis if name in LIKE_X else 0
        whole = np.asarray(array)
        return np.array(whole if self.kept is None else whole.take(self.kept, axis), order="C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was not captured.

    Attributes:
        layer: The layer.
        step: The step; None where it is so in every one.
        why: Why, as the end of a sentence.
        call: Which call of the step; None where it is so of every one.
    """

    layer: str
    step: int | None
    why: str
    call: int | None = None

    def __str__(self) -> str:
        """A line that says so."""
        where = self.layer if self.step is None else f"{self.layer}, step {self.step}"
        where += f", call {self.call}" if self.call else ""
        return f"left out: {where}: {self.why}"


class Recorder:
    """Takes down calls while a model runs; keeps the limit at every moment."""

    def __init__(self, choice: Choice, dialect: Dialect, about: str) -> None:
        """Begin at step 0.

        Args:
            choice: What is captured.
            dialect: The framework's conventions.
            about: The framework and its version.
        """
        self.choice, self.dialect, self.about = choice, dialect, about
        self.step = 0
        self.names: dict[str, None] = {}
        self._seen: list[Seen] = []
        self._left: dict[Left, None] = {}
        self._numbers: dict[tuple[str, int], int] = {}
        self._total = 0

    @property
    def seen(self) -> tuple[Seen, ...]:
        """The calls that are kept, in the order in which they were made."""
        return tuple(one for one in self._seen if not one.is_dropped)

    @property
    def left(self) -> tuple[Left, ...]:
        """What was not captured, and why."""
        return tuple(self._left)

    def wants(self, layer: str) -> bool:
        """Whether a call of a layer is to be captured now; a layer that there is, chosen or not."""
        self.names.setdefault(layer)
        return self.choice.takes_layer(layer) and self.choice.takes_step(self.step)

    def open(self, layer: str, shape: Sequence[int], setting: Setting) -> Seen | None:
        """Begin to take down a call; None where it is too large."""
        number = self._numbers.get((layer, self.step), 0)
        self._numbers[layer, self.step] = number + 1
        axis = setting.axis % max(len(shape), 1)
        one = Seen(
            layer=layer,
            step=self.step,
            number=number,
            shape=tuple(int(n) for n in shape),
            setting=replace(setting, axis=axis),
            kept=self.choice.kept(int(shape[axis])),
        )
        if one.size > LARGEST:
            self.leave_out(
                layer,
                f"{one.size:,} values of x, of which a golden file takes {LARGEST:,} in a call; "
                "keep fewer channels",
                one.step,
                number,
            )
            return None
        self._seen.append(one)
        self._total += one.size
        while self._total > self.choice.most_values:
            self._drop(max(self.seen, key=lambda s: (s.size, s.step, s.number)))
        return None if one.is_dropped else one

    def _drop(self, large: Seen) -> None:
        """Let the largest call go; nothing as large has room afterwards, whatever comes first."""
        large.drop()
        self._total -= large.size
        self.leave_out(
            large.layer,
            f"{large.size:,} values of x, with which all that is kept would be more than the "
            f"{self.choice.most_values:,} of most_values; raise it, or keep fewer channels",
            large.step,
            large.number,
        )

    def leave_out(
        self, layer: str, why: str, step: int | None = None, call: int | None = None
    ) -> None:
        """Take down that something is not captured."""
        self.names.setdefault(layer)
        if self.choice.takes_layer(layer):
            left = Left(layer=layer, step=step, why=why, call=call)
            self._left.setdefault(left)
