"""The scope of a kernel: which calls it is meant for, by what it takes and what it declares.

It is told by the kernel's worker and judged here: a call outside of it is not asked, and none
inside of it can be left out without being counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from conformance import layout, memory
from conformance.arrays import INPUT_NAMES, MASK
from conformance.case import Dialect, Inputs
from conformance.cases.catalogue.recipe import Recipe
from conformance.harness.kernels.where import Facts, Predicate, parsed

_SPATIAL = {3: ("L",), 4: ("H", "W"), 5: ("D", "H", "W")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call without its values: all that a scope can speak of.

    Attributes:
        shape: Shape of x.
        axis: The channel axes, not negative.
        several: Whether it is in the per-activation mode.
        types: Type of x, and after a plus that of the parameters where it is another.
        training: Training or test mode.
        memory: How its arrays lie.
        eps: Added to the variance.
        momentum: Weight of the new batch.
        from_end: Whether a channel axis is counted from the end, as -1 is.
        given: Names of the arrays that are given.
    """

    shape: tuple[int, ...]
    axis: tuple[int, ...]
    several: bool
    types: str
    training: bool
    memory: str
    eps: float
    momentum: float
    from_end: bool
    given: frozenset[str]

    @classmethod
    def of(cls, asked: Inputs | Recipe) -> Self:
        """The call that inputs are, or that a recipe makes."""
        shape = asked.x.shape if isinstance(asked, Inputs) else asked.shape
        several = isinstance(asked.axis, tuple)
        axes = asked.axis if isinstance(asked.axis, tuple) else (asked.axis,)
        return cls(
            shape=shape,
            axis=tuple(sorted(a % len(shape) for a in axes)),
            several=several,
            types=asked.types,
            training=asked.training,
            memory=asked.memory,
            eps=asked.eps,
            momentum=asked.momentum,
            from_end=min(axes) < 0,
            given=frozenset(n for n in (*INPUT_NAMES, MASK) if getattr(asked, n) is not None),
        )

    @property
    def layout(self) -> str:
        """As `conformance.layout.name` has it."""
        return layout.named(len(self.shape), None if self.several else self.axis[0])

    @property
    def mode(self) -> str:
        """``"train"`` or ``"test"``."""
        return "train" if self.training else "test"

    @property
    def cell(self) -> str:
        """The kind of the call: axes, types, mode, layout, and whether it has a mask."""
        masked = MASK in self.given
        return layout.kind(len(self.shape), self.types, self.mode, self.layout, masked=masked)

    def facts(self) -> dict[str, float | bool | str]:
        """What a predicate may speak of, but for whether the kernel sees it contiguous."""
        rest = [size for a, size in enumerate(self.shape) if a not in self.axis]
        channels = math.prod(self.shape[a] for a in self.axis)
        spatial = _SPATIAL.get(len(self.shape), ()) if len(self.axis) == 1 else ()
        x_type, _, other = self.types.partition("+")
        sizes = dict.fromkeys(("D", "H", "W", "L"), 1) | dict(zip(spatial, rest[1:], strict=False))
        return {
            **sizes,
            "N": rest[0] if rest else 1,
            "C": channels,
            "M": math.prod(rest),
            "rank": len(self.shape),
            "size": math.prod(self.shape),
            "eps": self.eps,
            "momentum": self.momentum,
            "training": self.training,
            "contiguous": memory.is_dense(self.memory),
            **{name: name in self.given for name in ("gamma", "beta", "dy", MASK)},
            "running": "running_mean" in self.given,
            "dtype": x_type,
            "parameters": other or x_type,
            "layout": self.layout,
            "mode": self.mode,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which calls a kernel is meant for.

    Attributes:
        takes: Names of its parameters.
        fixed: eps and momentum that are built in.
        dtypes: Types of x.
        ranks: Numbers of axes.
        per_activation: Whether it takes several channel axes.
        order: The axis order in which x comes to it; ``"any"`` where it is told the axis.
        where: What holds of every call.
    """

    takes: frozenset[str]
    fixed: Mapping[str, float]
    dtypes: frozenset[str]
    ranks: frozenset[int]
    per_activation: bool
    order: str
    where: tuple[Predicate, ...] = ()

    def why_not(self, call: Call) -> str | None:
        """Why a call is outside, or None."""
        x_type, several = call.types.partition("+")[0], call.several
        refusals: Iterable[tuple[bool, str]] = (
            (x_type not in self.dtypes, f"no {x_type}"),
            (len(call.shape) not in self.ranks, f"no rank {len(call.shape)}"),
            (several and not (self.per_activation and self.order == "any"), "no per-activation"),
            (not (call.training or {"training", "running_mean"} <= self.takes), "no test mode"),
            ("gamma" in call.given and "gamma" not in self.takes, "takes no gamma"),
            ("beta" in call.given and "beta" not in self.takes, "takes no beta"),
            (MASK in call.given and MASK not in self.takes, "takes no mask"),
        )
        return next((why for refused, why in refusals if refused), None) or self.outside(call)

    def outside(self, call: Call) -> str | None:
        """The predicate that a call does not meet, in words; None where it meets all."""
        if not self.where:
            return None
        facts = self._seen(call)
        unmet = next((p.text for p in self.where if not p.holds(facts)), None)
        return unmet and f"outside of the declared scope: {unmet}"

    def _seen(self, call: Call) -> Facts:
        """The facts of a call as the kernel sees it."""
        own = {n: v for n, v in self.fixed.items() if n not in self.takes}
        facts = {**call.facts(), **own}
        if self.order != "any" and not call.several:
            place = len(call.shape) - 1 if self.order == "channels_last" else 1
            facts["contiguous"] = bool(facts["contiguous"]) and call.axis == (place,)
        return facts


def of(facts: Mapping[str, Any], dialect: Dialect) -> Scope:
    """The scope that a kernel's facts tell.

    Args:
        facts: What its worker tells; every entry is held to what it may be.
        dialect: Its conventions.

    Raises:
        InputError: a predicate is none.
    """
    told = "axis" in facts["takes"] and dialect.layout == "any"
    usual = "channels_last" if dialect.layout == "channels_last" else "channels_first"
    return Scope(
        takes=frozenset(facts["takes"]),
        fixed=dict(facts["fixed"]),
        dtypes=frozenset(facts["dtypes"]),
        ranks=frozenset(facts["ranks"]),
        per_activation=bool(facts["per_activation"]),
        order="any" if told else usual,
        where=parsed(facts["where"]),
    )
