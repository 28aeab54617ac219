"""`conformance.oracle.expected` for whole inputs: ordinary channels quickly, the others apart."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs, Outputs
from conformance.oracle.channels import by_channel, from_channels
from conformance.oracle.quick import pairs, statistics
from conformance.oracle.quick.channels import Batch, Solved, moderate, ordinary, solve
from conformance.oracle.quick.constants import Affine, moments
from conformance.oracle.quick.ranges import Mask
from conformance.oracle.reference import (
    per_channel,
    solve_channels,
    untouched,
    update_channels,
)
from conformance.oracle.rounding import Floats

_Value = TypeVar("_Value", np.float64, np.bool_)

_RUNNING = {"running_mean": "mean", "running_var": "unbiased", "running_var_biased": "biased"}
"""Outputs to what `conformance.oracle.running` calls them."""


def solve_quickly(inputs: Inputs, *, eps_outside: bool = False) -> Outputs:
    """The exact results of inputs that are valid and not empty, rounded once.

    The same bits as `conformance.oracle.reference.solve_by_integers`.

    Args:
        inputs: What to solve; at least one value per channel.
        eps_outside: Use the dialect ``(x - mean) / (sqrt(var) + eps)`` instead.
    """
    with np.errstate(all="ignore"):
        batch = Batch.of(by_channel(inputs.x, inputs), _slopes(inputs))
        affine = _affine(inputs, eps_outside=eps_outside)
        quick = ordinary(batch, affine, training=inputs.training)
        some = batch.at(quick)
        found = solve(some, some.sums(), affine.at(quick), training=inputs.training)
        results = _joined(inputs, found, quick, eps_outside=eps_outside)
        running = _running(inputs, affine, found, quick)
    return Outputs(**results, **running)


def _slopes(inputs: Inputs) -> Array | None:
    return None if inputs.dy is None else by_channel(inputs.dy, inputs)


def _affine(inputs: Inputs, *, eps_outside: bool) -> Affine:
    count = int(np.prod(inputs.channel_shape))

    def numbers(given: Array | None, absent: float) -> Floats:
        return np.array(per_channel(given, count, absent), dtype=np.float64)

    return Affine(
        gamma=numbers(inputs.gamma, 1.0),
        beta=numbers(inputs.beta, 0.0),
        running_mean=numbers(inputs.running_mean, 0.0),
        running_var=numbers(inputs.running_var, 0.0),
        eps=float(inputs.eps),
        eps_outside=eps_outside,
    )


def _joined(inputs: Inputs, solved: Solved, quick: Mask, *, eps_outside: bool) -> dict[str, Array]:
    """The outputs of all channels, those that are not solved yet by integers."""
    found = {name: _spread_out(value, quick) for name, value in solved.results.items()}
    rest = np.flatnonzero(~_spread_out(solved.rooted, quick)).tolist()
    channels = solve_channels(inputs, rest, eps_outside=eps_outside)
    for c, channel in zip(rest, channels, strict=True):
        for name, value in channel.items():
            found[name][c] = value
    return {
        name: from_channels(value, inputs)
        if name in LIKE_X
        else value.reshape(inputs.channel_shape)
        for name, value in found.items()
    }


def _spread_out(values: NDArray[_Value], channels: Mask) -> NDArray[_Value]:
    """The same with rows of zeros for the other channels."""
    if channels.all():
        return values
    whole = np.zeros((len(channels), *values.shape[1:]), dtype=values.dtype)
    whole[channels] = values
    return whole


def _running(
    inputs: Inputs, affine: Affine, solved: Solved, quick: Mask
) -> dict[str, Array | None]:
    if not inputs.training or inputs.running_mean is None:
        return untouched(inputs)
    earlier = [Batch.of(by_channel(batch, inputs), None) for batch in inputs.earlier]
    some = quick & moderate(affine.running_mean) & moderate(affine.running_var)
    some &= moderate(np.full(1, inputs.momentum))
    for batch in earlier:
        some &= batch.ordinary
    batches = [moments(batch.at(some).sums()) for batch in earlier]
    own = some[quick]
    batches.append((pairs.at(solved.mean, own), pairs.at(solved.var, own)))
    found = statistics.running(
        batches, affine.running_mean[some], affine.running_var[some], inputs.momentum, inputs.count
    )
    values = {name: _spread_out(value, some) for name, value in found.values.items()}
    rest = np.flatnonzero(~_spread_out(~found.open, some)).tolist()
    for c, updated in zip(rest, update_channels(inputs, rest), strict=True):
        for name, value in values.items():
            value[c] = getattr(updated, _RUNNING[name])
    shaped: dict[str, Array | None] = dict.fromkeys(_RUNNING)
    return shaped | {name: v.reshape(inputs.channel_shape) for name, v in values.items()}
