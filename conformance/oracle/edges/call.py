"""What a contract looks at: one call with its exact answers, and one output that came back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from conformance.case import Array, Inputs, Outputs
from conformance.oracle.arithmetic import arithmetic, roundoff, underflow
from conformance.oracle.channels import by_channel, kept
from conformance.oracle.measured import measured
from conformance.oracle.solve import owed

Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One output that came back.

    Attributes:
        name: Its name.
        field: Its field in `conformance.case.Outputs`: which running variance is meant.
        exact: Its exact values, float64.
        actual: What came back, widened to float64.
        bound: How far from exact grade A reaches, per element.
        dtype: The type in which it came back.
    """

    name: str
    field: str
    exact: Array
    actual: Array
    bound: Array
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The sizes that the numbers of some arrays have.

    Attributes:
        least: The smallest that is not 0; infinite where there is none.
        most: The largest finite one; 0 where there is none.
        nan: Whether a NaN is among them.
        infinite: Whether an infinity is.
    """

    least: float
    most: float
    nan: bool
    infinite: bool

    @classmethod
    def of(cls, *arrays: Array) -> Extent:
        """Those of all numbers of some arrays."""
        wide = [np.asarray(array, dtype=np.float64).reshape(-1) for array in arrays]
        size = np.abs(np.concatenate(wide) if wide else np.zeros(0))
        most = float(size.max(initial=0.0))
        nan = infinite = False
        if not math.isfinite(most):
            nan, infinite = bool(np.isnan(size).any()), bool(np.isinf(size).any())
            size = size[np.isfinite(size)]
            most = float(size.max(initial=0.0))
        least = float(size.min(initial=math.inf, where=size > 0))
        return cls(least=least, most=most, nan=nan, infinite=infinite)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call and its exact answers.

    Attributes:
        inputs: What was asked.
        answers: Its exact answers.
        eps_outside: The dialect ``(x - mean) / (sigma + eps)``.
    """

    inputs: Inputs
    answers: Outputs
    eps_outside: bool = False

    @cached_property
    def given(self) -> Extent:
        """The sizes of all numbers of the call, those of earlier batches among them."""
        return Extent.of(*self.inputs.given().values(), *self.inputs.earlier)

    @cached_property
    def due(self) -> Extent:
        """The sizes of all exact answers."""
        return Extent.of(*self.answers.items().values())

    def exceeds(self, largest: Callable[[str], float]) -> bool:
        """Whether an exact answer is larger than its output may be."""
        answers = self.answers.items()
        if self.due.most <= min(map(largest, answers), default=math.inf):
            return False
        return any(Extent.of(answer).most > largest(name) for name, answer in answers.items())

    @property
    def is_finite(self) -> bool:
        """Whether every number of the call is finite."""
        return not (self.given.nan or self.given.infinite)

    @cached_property
    def tiny(self) -> float:
        """The smallest normal number of the type computed in."""
        return underflow(self.inputs)

    @cached_property
    def huge(self) -> float:
        """The largest number of the type computed in."""
        return float(np.finfo(arithmetic(self.inputs).dtype).max)

    def per_channel(self, values: Array, like: Array) -> Array:
        """Values of the channels, one each, as an array of the shape of an output."""
        shaped = values.reshape(self.inputs.channel_shape)
        if like.shape == self.inputs.channel_shape:
            return shaped
        axes = self.inputs.channel_axes
        wide = [n if axis in axes else 1 for axis, n in enumerate(like.shape)]
        return np.broadcast_to(shaped.reshape(wide), like.shape)

    @cached_property
    def overflowing(self) -> Mask:
        """Channels in which a sum that every algorithm forms exceeds the largest number.

        The sums are those of |x|, d^2, |dy| and |dy d|, with d = x - mean in training; in test
        mode no sum is formed but those of the gradients, with d = x - running_mean.
        """
        inputs = self.inputs
        channels = math.prod(inputs.channel_shape)
        over = np.zeros(channels, dtype=np.bool_)
        most = self.given.most
        if max(most, 1.0) * max(4 * most, 1.0) * inputs.count <= self.huge:  # far from it
            return over
        with np.errstate(all="ignore"):
            for sums in _sums(inputs):
                over |= ~(sums <= self.huge)
        return over

    @cached_property
    def vanishing(self) -> Mask:
        """Channels that vary, in training, by so little that var + eps is below o / u.

        The squares of deviations lose up to o each, the smallest normal number, and no algorithm
        keeps the variance from losing that: beside var + eps it is more than a roundoff u.
        """
        inputs = self.inputs
        least = self.tiny / roundoff(inputs)
        channels = math.prod(inputs.channel_shape)
        if not inputs.training or inputs.eps >= least or not inputs.count:
            return np.zeros(channels, dtype=np.bool_)
        rows = by_channel(np.asarray(inputs.x, dtype=np.float64), inputs)
        var = measured(inputs, inputs.x).var.reshape(-1)
        mask = kept(inputs)
        counted = np.ones(rows.shape, np.bool_) if mask is None else mask
        most = rows.max(axis=1, initial=-np.inf, where=counted)
        varies = most > rows.min(axis=1, initial=np.inf, where=counted)
        return np.asarray(varies & (var + inputs.eps < least), dtype=np.bool_)

    @cached_property
    def flushed(self) -> tuple[Outputs, ...]:
        """The exact answers with subnormal inputs as zeros: of each array alone, and of all."""
        tiny = self.tiny
        changed = {
            name: np.where(np.abs(array) < tiny, 0, array).astype(array.dtype)
            for name, array in self.inputs.given().items()
            if Extent.of(array).least < tiny
        }
        ways = [{name: array} for name, array in changed.items()]
        if len(changed) > 1:
            ways.append(changed)
        return tuple(
            owed(replace(self.inputs, **cast(Any, way)), eps_outside=self.eps_outside)
            for way in ways
        )


def _sums(inputs: Inputs) -> Iterator[Array]:
    rows = by_channel(np.asarray(inputs.x, dtype=np.float64), inputs)
    if inputs.training:
        batch = measured(inputs, inputs.x)
        d = batch.d
        yield (np.abs(rows) * batch.kept).sum(axis=1)
        yield (d * d * batch.kept).sum(axis=1)
    elif inputs.running_mean is not None:
        d = rows - np.asarray(inputs.running_mean, dtype=np.float64).reshape(-1, 1)
    if inputs.dy is not None:
        slope = np.abs(by_channel(np.asarray(inputs.dy, dtype=np.float64), inputs))
        yield slope.sum(axis=1)
        yield (slope * np.abs(d)).sum(axis=1)
