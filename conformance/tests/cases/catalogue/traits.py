"""Questions about a problem's data, to ask what the catalogue covers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np

from conformance import layout
from conformance.case import Array, Inputs, Memory, Outputs, Problem
from conformance.cases.catalogue import problems
from conformance.cases.catalogue.upstream import x_hat
from conformance.memory import of_arrays
from conformance.oracle import solve

Trait: TypeAlias = Callable[[Problem], bool]


@cache
def expected(identity: str) -> Outputs:
    """The due outputs of the problem of that id."""
    return solve(next(p for p in problems() if p.id == identity)).expected


def types(inputs: Inputs) -> str:
    """Type of x, and after a plus that of the parameters where it differs."""
    x, parameters = str(inputs.x.dtype), str(inputs.parameter_dtype)
    return x if x == parameters else f"{x}+{parameters}"


def rows(array: Array | None, inputs: Inputs) -> Array:
    """x, or a parameter, as float64 with one row per channel; empty if there is none."""
    if array is None:
        return np.zeros((0, 0))
    if array.shape == inputs.channel_shape:
        return array.astype(np.float64).reshape(-1, 1)
    axes = inputs.channel_axes
    moved = np.moveaxis(array.astype(np.float64), axes, range(len(axes)))
    return np.asarray(moved.reshape(int(np.prod(inputs.channel_shape)), -1))


def setting(name: str, kind: str, *, training: bool) -> Trait:
    """A problem of this layout, these types and this mode, with gradients."""

    def holds(p: Problem) -> bool:
        i = p.inputs
        return (
            layout.name(i) == name
            and types(i) == kind
            and i.training == training
            and i.dy is not None
        )

    return holds


def count(m: int) -> Trait:
    """Training with m values per channel."""
    return lambda p: p.inputs.count == m and p.inputs.training


def channels(c: int) -> Trait:
    """So many channels."""
    return lambda p: p.inputs.channel_shape == (c,) and p.inputs.count > 1


def size(n: int) -> Trait:
    """An axis of that size."""
    return lambda p: n in p.inputs.x.shape and p.inputs.training


def eps(value: float, kind: str) -> Trait:
    """That eps, rounded to float32, under these types."""
    return lambda p: p.inputs.eps == float(np.float32(value)) and types(p.inputs) == kind


def momentum(value: float) -> Trait:
    """That momentum, rounded to float32."""
    return lambda p: p.inputs.momentum == float(np.float32(value)) and p.inputs.training


def offset(ratio: float, kind: str) -> Trait:
    """Every channel's mean is about `ratio` standard deviations, at M <= 256."""

    def holds(p: Problem) -> bool:
        x = rows(p.inputs.x, p.inputs)
        if types(p.inputs) != kind or not 2 <= p.inputs.count <= 256 or not np.isfinite(x).all():
            return False
        return bool((np.abs(np.abs(x.mean(1)) - ratio * x.std(1)) < ratio / 2 * x.std(1)).all())

    return holds


def constant_channel(kind: str, beyond: float) -> Trait:
    """A channel of equal values that are larger than `beyond`."""

    def holds(p: Problem) -> bool:
        x = rows(p.inputs.x, p.inputs)
        if types(p.inputs) != kind or x.shape[1] < 2:
            return False
        return bool(((x == x[:, :1]).all(1) & (np.abs(x[:, 0]) > beyond)).any())

    return holds


def near_eps(kind: str, *, training: bool) -> Trait:
    """A 6 by 8 matrix whose batch and running variances are of the size of eps = 1e-5."""

    def holds(p: Problem) -> bool:
        i = p.inputs
        return (
            i.x.shape == (6, 8)
            and eps(1e-5, kind)(p)
            and i.training == training
            and 1e-6 < rows(i.x, i).var(axis=1).mean() < 1e-4
            and bool((rows(i.running_var, i) < 1e-4).all())
        )

    return holds


def memory(kind: Memory, *, training: bool) -> Trait:
    """All arrays that can, or x and dy at least, lie so in memory, with gradients."""
    return lambda p: (
        (p.inputs.memory == kind or of_arrays(p.inputs.memory)["x"] == kind)
        and p.inputs.training == training
        and p.inputs.dy is not None
    )


def expanded(name: str) -> Trait:
    """A dy of stride 0 in this layout, and a dgamma that is away from 0 in every channel."""

    def holds(p: Problem) -> bool:
        if p.inputs.memory != "broadcast" or layout.name(p.inputs) != name:
            return False
        return bool((np.abs(np.asarray(expected(p.id).dgamma)) > 0.1).all())

    return holds


def spoilt(piece: str, has: Callable[[Array], Array], *, training: bool) -> Trait:
    """A value that is not finite in exactly one channel of x or dy."""

    def holds(p: Problem) -> bool:
        if p.inputs.training != training:
            return False
        bad = has(rows(getattr(p.inputs, piece), p.inputs))
        return int(np.count_nonzero(bad.any(axis=1))) == 1

    return holds


def upstream(about: Callable[[Array], bool]) -> Trait:
    """An upstream gradient, one row per channel, of which `about` holds."""

    def holds(p: Problem) -> bool:
        dy = rows(p.inputs.dy, p.inputs)
        return dy.size > 0 and dy.shape[1] > 1 and bool(about(dy))

    return holds


def is_one_hot(dy: Array) -> bool:
    """Whether every channel has one 1 and is 0 elsewhere."""
    return bool(((dy == 1).sum(1) == 1).all() and ((dy != 0).sum(1) == 1).all())


def is_parallel(p: Problem) -> bool:
    """Whether dy is 3 xhat up to the rounding to its type."""
    x, dy = rows(p.inputs.x, p.inputs), rows(p.inputs.dy, p.inputs)
    return dy.size > 0 and bool(np.allclose(dy, 3 * x_hat(x, p.inputs.eps), rtol=1e-5, atol=1e-6))


def is_far(p: Problem) -> bool:
    """Whether every running mean is more than 10 batch deviations from the batch's mean."""
    if p.inputs.running_mean is None or p.inputs.count < 2:
        return False
    x = rows(p.inputs.x, p.inputs)
    apart = np.abs(p.inputs.running_mean.astype(np.float64).ravel() - x.mean(axis=1))
    return bool((apart > 10 * x.std(axis=1)).all())


def has_outlier(p: Problem) -> bool:
    """Whether one finite value is 1000 times the median of its channel."""
    x = np.abs(rows(p.inputs.x, p.inputs))
    if not x.size or not np.isfinite(x).all() or constant_channel(types(p.inputs), 0)(p):
        return False
    return bool((x.max(axis=1) > 1e3 * np.median(x, axis=1)).any() and np.median(x) > 0.1)


def nearly_cancels(kind: str) -> Trait:
    """In every channel, gamma xhat and beta cancel to 1/500 of beta in some y."""

    def holds(p: Problem) -> bool:
        if types(p.inputs) != kind or p.inputs.beta is None or not p.inputs.count:
            return False
        small = np.abs(rows(expected(p.id).y, p.inputs)).min(axis=1)
        return bool((small < np.abs(p.inputs.beta.astype(np.float64)) / 500).all())

    return holds
