"""The data that travels through the suite: what is asked, what is answered, what is expected.

Everything here is plain and frozen; behaviour lives in the modules that use it.  Shapes are
written with ``x`` of shape ``(N, C, *spatial)`` or any other order that `Inputs.axis` declares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from conformance.arrays import INPUT_NAMES, LIKE_X
from conformance.block import Block
from conformance.type_names import name_of

Array: TypeAlias = npt.NDArray[Any]

Kind: TypeAlias = Literal[
    "contiguous",
    "strided",
    "reversed",
    "transposed",
    "unaligned",
    "channels_last",
    "channels_first",
    "broadcast",
    "merged",
    "overlapping",
]
"""A way in which arrays lie in memory; `conformance.memory` says what each means."""

Memory: TypeAlias = Kind | str
"""How the arrays of a call lie in memory: all alike, as a `Kind` says, or each by itself, such as
``"x=strided dy=reversed"``; `conformance.memory` lays them out so."""

LIMIT = 16.0
"""Error units that grade A may spend; `conformance.oracle.bounds` says what a unit is."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What one call of batch normalization is given.

    What follows from shapes and types is asked for at every step of a verdict, and kept.

    Attributes:
        x: The batch; any rank from 2 to 5, any binary float type.
        dy: Upstream gradient, shape and type of `x`; None for a forward pass alone.
        gamma: Scale per channel, `channel_shape`; None where the layer has none (counts as 1).
        beta: Shift per channel; None where the layer has none (counts as 0).
        running_mean: Running mean before the call; None where none is kept.
        running_var: Running variance before the call; None exactly where `running_mean` is.
        eps: Added to the variance under the root; the exact float64 meant.
        momentum: Weight of the NEW batch's statistics in the running ones (PyTorch's sense).
        training: True normalizes by the batch's statistics, False by the running ones.
        axis: The channel axis; a tuple of axes is the per-activation mode, in which every
            position of those axes has statistics of its own.
        earlier: Batches that were normalized before `x`, oldest first, each updating the
            running statistics; shape and type of `x`.
        memory: How the arrays of the call lie in memory; says nothing about their values.
        mask: Which values the statistics are of, in training; bool, as many axes as `x` has, each
            as long as there or 1.  Every value is normalized, those that are left out too.  None
            where there is none.
        block: What stands around the batch normalization, in test mode; None where it is alone.
            Then `x` is what the block is given, `axis` the channel axis of what is normalized, and
            y what comes out of the block.
    """

    x: Array
    dy: Array | None = None
    gamma: Array | None = None
    beta: Array | None = None
    running_mean: Array | None = None
    running_var: Array | None = None
    eps: float = 1e-5
    momentum: float = 0.1
    training: bool = True
    axis: int | tuple[int, ...] = 1
    earlier: tuple[Array, ...] = ()
    memory: Memory = "contiguous"
    mask: Array | None = None
    block: Block | None = None

    @cached_property
    def channel_axes(self) -> tuple[int, ...]:
        """The channel axes, not negative and in the order of `x`."""
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        return tuple(sorted(a % self.x.ndim for a in axes))

    @cached_property
    def channel_shape(self) -> tuple[int, ...]:
        """Shape of gamma, beta and of every statistic."""
        shape = self.x.shape
        if self.block is not None:
            shape = self.block.normalized_shape(shape, self.channel_axes[0])
        return tuple(int(shape[a]) for a in self.channel_axes)

    @cached_property
    def count(self) -> int:
        """M, the number of values that share one mean."""
        channels = math.prod(self.channel_shape)
        return int(self.x.size) // channels if channels else 0

    @cached_property
    def masked(self) -> bool:
        """Whether a mask says which values the statistics are of."""
        return self.training and self.mask is not None

    def given(self) -> dict[str, Array]:
        """The arrays of numbers that are given, by name, in the order of `conformance.arrays`."""
        named = ((name, getattr(self, name)) for name in INPUT_NAMES)
        return {name: array for name, array in named if array is not None}

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape that an array of this call has, given or returned."""
        if name == "y" and self.block is not None:
            return self.block.output_shape(self.x.shape, self.channel_axes[0])
        return self.x.shape if name in LIKE_X else self.channel_shape

    def dtype_of(self, name: str) -> np.dtype[Any]:
        """The type that an array of this call has, given or returned."""
        return self.x.dtype if name in LIKE_X else self.parameter_dtype

    @cached_property
    def parameter_dtype(self) -> np.dtype[Any]:
        """Type of gamma, beta and the running statistics: theirs if given, else that of `x`."""
        for given in (self.gamma, self.beta, self.running_mean, self.running_var):
            if given is not None:
                return given.dtype
        return self.x.dtype

    @cached_property
    def types(self) -> str:
        """``"float32"``, or ``"float16+float32"`` with parameters of another type."""
        x, parameters = name_of(self.x.dtype), name_of(self.parameter_dtype)
        return x if parameters == x else f"{x}+{parameters}"

    @property
    def mode(self) -> str:
        """``"train"``, ``"test"`` or, in a block, ``"deploy"``, as run records say it."""
        if self.block is not None:
            return "deploy"
        return "train" if self.training else "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Expected values: the exact answers, each rounded once to float64.

    An output that is undefined or not due is None: no gradient without `dy`, no running
    statistics where none are kept, no N-1 variance of a single value.

    Attributes:
        y: Normalized, scaled and shifted `x`; its shape.
        dx: Gradient of ``sum(y * dy)`` by `x`; its shape.
        dgamma: Gradient by gamma, ``(C,)``.
        dbeta: Gradient by beta, ``(C,)``.
        mean: Mean of the batch (training mode), ``(C,)``.
        var: Biased variance of the batch, divided by M (training mode), ``(C,)``.
        inv_std: ``1 / sqrt(var + eps)`` of the variance that was used, ``(C,)``.
        running_mean: Running mean after the call, ``(C,)``; unchanged in test mode.
        running_var: Running variance after the call, updated with the N-1 variance.
        running_var_biased: The same, updated with the biased variance.
    """

    y: Array | None = None
    dx: Array | None = None
    dgamma: Array | None = None
    dbeta: Array | None = None
    mean: Array | None = None
    var: Array | None = None
    inv_std: Array | None = None
    running_mean: Array | None = None
    running_var: Array | None = None
    running_var_biased: Array | None = None

    def items(self) -> dict[str, Array]:
        """The outputs that are due, by field name, in field order."""
        named = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in named if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One input, and the mistake it is there to catch; not solved yet.

    Attributes:
        id: ``group/what-is-special``; unique, and the HDF5 group of the case.
        group: First part of the id: the family of the case and the name of its golden file.
        catches: The mistake that this case shows, in a sentence.
        made: How the inputs were made, in a sentence that suffices to make them again.
        inputs: What the implementation is given.
        limit: Error units up to which grade A reaches; below 16 only where the inputs make
            every sum exact, in any order: then a sum may lose nothing beyond it. It must leave
            room for Welford's update, whose terms are not those of the sums.
        cites: Where the mistake was seen: addresses or names of documents.
    """

    id: str
    group: str
    catches: str
    made: str
    inputs: Inputs
    limit: float = LIMIT
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A problem with its expected outputs: those that are not None are graded, no others."""

    problem: Problem
    expected: Outputs

    @property
    def id(self) -> str:
        """The problem's id."""
        return self.problem.id

    @property
    def inputs(self) -> Inputs:
        """The problem's inputs."""
        return self.problem.inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The conventions of one path, where honest implementations differ.

    The first two change what is expected; the others inform the reader of a report.

    Attributes:
        running_var: Correction of the variance that updates the running one: ``"unbiased"``
            divides by M - 1 (PyTorch), ``"biased"`` by M (Keras), ``"none"`` keeps none.
        eps: ``"inside"`` the root, or ``"outside"``: ``(x - mean) / (sigma + eps)``.
        momentum: Whether the implementation's own momentum weights the new or the old value.
        saves: What the forward pass hands to the backward pass.
        layout: The axis order that the implementation works in.
    """

    running_var: Literal["unbiased", "biased", "none"] = "unbiased"
    eps: Literal["inside", "outside"] = "inside"
    momentum: Literal["new", "old"] = "new"
    saves: Literal["inv_std", "var", "x_hat", "nothing"] = "inv_std"
    layout: Literal["any", "channels_first", "channels_last"] = "any"


Actual: TypeAlias = Mapping[str, Array]
"""What an implementation returned: output names to arrays; what it left out is absent."""

Kernel: TypeAlias = Callable[[Inputs], Actual]
"""Batch normalization as one call: arrays in the layout of the inputs, outputs in that same layout.

`Inputs.earlier` is the caller's affair: a kernel normalizes `Inputs.x` and nothing else.
"""
