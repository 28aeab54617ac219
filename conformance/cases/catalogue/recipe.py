"""How a problem is put together: a recipe is everything about it but its name and its purpose."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.case import LIMIT, Array, Inputs, Memory, Problem
from conformance.cases.catalogue.masks import Mask
from conformance.cases.catalogue.rounding import rounded
from conformance.cases.catalogue.sources import SOURCES
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.upstream import USUAL, Upstream
from conformance.cases.catalogue.values import VARIED, Values, signed, uniform
from conformance.memory import following
from conformance.oracle.channels import by_channel


def single(value: float) -> float:
    """`value` rounded to float32, so that a kernel that keeps it as such loses nothing."""
    return float(np.float32(value))


EPS = single(1e-5)
MOMENTUM = single(0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the inputs of a problem are made.

    The defaults are chosen to hide nothing: gamma has both signs and is away from 1, beta is
    away from 0, the running statistics are far from the batch's, no term of dx vanishes.

    Attributes:
        shape: Shape of x.
        axis: The channel axis, or several for the per-activation mode.
        types: Type of x and dy; after a ``+`` that of the parameters, where it differs.
        training: Training or test mode.
        eps: Added to the variance.
        momentum: Weight of the new batch.
        x: What x is drawn from.
        dy: How the upstream gradient is made; None for a forward pass alone.
        gamma: What gamma is drawn from; None for none.
        beta: What beta is drawn from; None for none.
        running_mean: What the running mean is drawn from; None for none.
        running_var: What the running variance is drawn from; None for none.
        earlier: How many batches update the running statistics before x.
        memory: How the arrays lie in memory when a kernel is called.
        mask: Which values the statistics are of; None for all.
    """

    shape: tuple[int, ...] = (6, 8)
    axis: int | tuple[int, ...] = 1
    types: str = "float32"
    training: bool = True
    eps: float = EPS
    momentum: float = MOMENTUM
    x: Values = VARIED
    dy: Upstream | None = USUAL
    gamma: Values | None = signed(0.5, 2.0)  # noqa: RUF009 - frozen, so it may be shared
    beta: Values | None = signed(0.3, 1.5)  # noqa: RUF009 - frozen, so it may be shared
    running_mean: Values | None = signed(3.0, 5.0)  # noqa: RUF009 - frozen, so it may be shared
    running_var: Values | None = uniform(5.0, 12.0)  # noqa: RUF009 - frozen, so it may be shared
    earlier: int = 0
    memory: Memory = "contiguous"
    mask: Mask | None = None

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with some fields replaced."""
        return replace(self, **changes)

    @property
    def test(self) -> Recipe:
        """The same recipe in test mode."""
        return replace(self, training=False)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of a family's table.

    Attributes:
        name: What is special; the second half of the problem's id.
        catches: The mistake that the problem shows, in a sentence.
        recipe: How its inputs are made.
        faults: Where the mistake was seen: keys of `conformance.cases.catalogue.sources.SOURCES`.
        limit: Error units up to which grade A reaches.
    """

    name: str
    catches: str
    recipe: Recipe
    faults: tuple[str, ...] = ()
    limit: float = LIMIT


def problem(group: str, row: CaseRow, *, seed: str | None = None) -> Problem:
    """The problem that `row` of the family `group` stands for.

    Args:
        group: The family.
        row: The line of its table.
        seed: What its streams are called by; by default its own id, so that no two problems of the
            catalogue share a number.
    """
    identity = f"{group}/{row.name}"
    cites = dict.fromkeys(source for fault in row.faults for source in SOURCES[fault])
    return Problem(
        id=identity,
        group=group,
        catches=row.catches,
        made=_told(row.recipe, seed or "id"),
        inputs=_drawn(row.recipe, seed or identity),
        limit=row.limit,
        cites=tuple(cites),
    )


def _drawn(recipe: Recipe, seed: str) -> Inputs:
    x_type, _, given = recipe.types.partition("+")
    parameter_type = given or x_type
    bare = Inputs(x=np.empty(recipe.shape, dtype=np.bool_), axis=recipe.axis)
    channels = math.prod(bare.channel_shape)
    batch = (channels, bare.count)

    def stream(piece: str) -> Stream:
        return Stream(f"{seed}/{piece}")

    def stored(matrix: Array) -> Array:
        return _frozen(_laid_out(rounded(matrix, x_type), bare))

    def parameter(piece: str, values: Values | None) -> Array | None:
        if values is None:
            return None
        drawn = values.draw(stream(piece), channels, 1)
        return _frozen(rounded(drawn, parameter_type).reshape(bare.channel_shape))

    mask = None if recipe.mask is None else _frozen(recipe.mask.draw(stream("mask"), bare))
    drawn = recipe.x.draw(stream("x"), *batch)
    if recipe.mask is not None and mask is not None:
        drawn = np.where(
            by_channel(np.broadcast_to(mask, recipe.shape), bare),
            drawn,
            drawn * recipe.mask.outside,
        )
    x = rounded(drawn, x_type).astype(np.float64)
    dy = None if recipe.dy is None else stored(recipe.dy.draw(stream("dy"), x, recipe.eps))
    whole = stored(x)
    return Inputs(
        x=whole,
        dy=_frozen(following(whole)) if recipe.memory == "overlapping" else dy,
        gamma=parameter("gamma", recipe.gamma),
        beta=parameter("beta", recipe.beta),
        running_mean=parameter("running_mean", recipe.running_mean),
        running_var=parameter("running_var", recipe.running_var),
        eps=recipe.eps,
        momentum=recipe.momentum,
        training=recipe.training,
        axis=recipe.axis,
        earlier=tuple(
            stored(recipe.x.draw(stream(f"history_{i}"), *batch)) for i in range(recipe.earlier)
        ),
        memory=recipe.memory,
        mask=mask,
    )


def _laid_out(matrix: Array, bare: Inputs) -> Array:
    """`matrix`, one row per channel, in the shape and axis order of the problem's x."""
    rest = [a for a in range(bare.x.ndim) if a not in bare.channel_axes]
    sizes = [bare.x.shape[a] for a in (*bare.channel_axes, *rest)]
    back = np.argsort([*bare.channel_axes, *rest])
    return np.ascontiguousarray(matrix.reshape(sizes).transpose(back))


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _told(recipe: Recipe, seed: str) -> str:
    """The sentence that says how the inputs were made, from streams of that name."""
    x_type, _, parameter_type = recipe.types.partition("+")
    pieces: list[tuple[str, Values | Upstream | None]] = [
        (f"x {recipe.shape}", recipe.x),
        *((f"history_{i}", recipe.x) for i in range(recipe.earlier)),
        ("dy", recipe.dy),
        ("gamma", recipe.gamma),
        ("beta", recipe.beta),
        ("running_mean", recipe.running_mean),
        ("running_var", recipe.running_var),
    ]
    told = "; ".join(f"{name} = {v.about}" if v else f"no {name}" for name, v in pieces)
    if recipe.memory == "overlapping":
        told = told.replace(f"dy = {recipe.dy.about}" if recipe.dy else "no dy", "dy = x, one on")
    if recipe.mask is not None:
        told += f"; mask = {recipe.mask.about}"
    types = f"{x_type}, parameters {parameter_type or x_type}"
    lying = "" if recipe.memory == "contiguous" else f"; {recipe.memory} in memory"
    return f"{told}; each rounded once to {types}, from the stream {seed}/name of each{lying}."
