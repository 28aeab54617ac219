"""Faults of blocks, tails and threads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Array
from conformance.faults.fault import BY_STATISTICS, NORMALIZED, Fault
from conformance.faults.sheet import Sheet

_BLOCK = 16
_CHUNK = 4
_GRID = 65535
_UPDATES = 3


def _padded(s: Sheet) -> Array:
    """The padding, 0 - mean, counts in the sum of squares."""
    full = 1 << max(s.count - 1, 0).bit_length()
    return np.asarray(s.correct("var") + s.work((full - s.count) / max(s.count, 1)) * s.mean**2)


def _whole_blocks(s: Sheet) -> Callable[[Array], Array]:
    def average(rows: Array) -> Array:
        return np.asarray(s.total(rows[:, : s.count // _BLOCK * _BLOCK]) / s.work(s.count))

    return average


def _average_of_chunks(s: Sheet) -> Callable[[Array], Array]:
    def average(rows: Array) -> Array:
        firsts = range(0, rows.shape[1], _CHUNK)
        means = [rows[:, i : i + _CHUNK].mean(axis=1, keepdims=True) for i in firsts]
        return np.asarray(np.mean(means, axis=0, dtype=s.work) if means else s.total(rows) / 0)

    return average


def _repeatedly(s: Sheet, cell: str, old: Array, fed: Array) -> Array:
    """Chance decides how often a channel is updated."""
    if not s.updates:
        return old
    value = np.asarray(s.correct(cell))
    for times in range(1, _UPDATES):
        value = np.where(s.lot >= times, s.blend(value, fed), value)
    return value


def _without_one(s: Sheet) -> Array:
    """Chance decides which term of a channel is missing, or none."""
    terms = np.where(np.arange(s.count) == s.lot, 0, s.dy * s.back_xhat)
    return np.asarray(s.back_total(terms))


def _within_grid(s: Sheet, rows: Array) -> Array:
    """Samples that no block works on are left at 0."""
    if s.samples <= _GRID:
        return rows
    samples = s.by_sample(rows).copy()
    samples[:, _GRID:] = 0
    return np.asarray(samples.reshape(rows.shape))


FAULTS = (
    Fault(
        id="padding-counts-in-variance",
        title="zero padding up to a power of two counts in the variance",
        math="var = (sum((x - mean)^2) + (P - M) mean^2) / M",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="M no power of two, and a mean away from 0",
        hides="M a power of two, or a mean near 0",
        core=True,
        edits={"var": _padded},
    ),
    Fault(
        id="last-partial-block-dropped",
        title="the last partial block of 16 is not summed",
        math="mean, var: sums over floor(M / 16) 16 values, divided by M",
        touches=BY_STATISTICS,
        mode="train",
        shows="M no multiple of 16",
        hides="M a multiple of 16",
        core=True,
        edits={"average": _whole_blocks},
    ),
    Fault(
        id="last-element-dropped",
        title="the sums of the gradients miss the last value",
        math="dgamma, dbeta and the means in dx: sums over M - 1 values",
        touches=("dx", "dgamma", "dbeta"),
        mode="both",
        shows="any M, by 1/M",
        hides="large M: 3e-3 at 1568",
        edits={"back_total": lambda s: lambda rows: s.total(rows[:, :-1])},
    ),
    Fault(
        id="unweighted-chunk-merge",
        title="chunks of 4 are merged without their counts",
        math="mean, var: averages of the averages over chunks, the last one shorter",
        touches=BY_STATISTICS,
        mode="train",
        shows="M no multiple of the chunk",
        hides="chunks of one length",
        edits={"average": _average_of_chunks},
    ),
    Fault(
        id="running-rmw-race",
        title="the running statistics are updated more than once, by chance",
        math="running = (1 - m) old + m new, applied one to three times",
        touches=("running_mean", "running_var"),
        mode="train",
        shows="running statistics away from the batch's; many channels",
        hides="running statistics of 0 and a loose bound",
        lots=lambda _: _UPDATES,
        edits={
            "running_mean": lambda s: _repeatedly(s, "running_mean", s.old_mean, s.fed_mean),
            "running_var": lambda s: _repeatedly(s, "running_var", s.old_var, s.fed_var),
        },
    ),
    Fault(
        id="missing-barrier-partial-sum",
        title="one term is missing from dgamma, by chance",
        math="dgamma = sum(dy xhat) without one term; dx from that dgamma",
        touches=("dx", "dgamma"),
        mode="both",
        shows="many channels; small M",
        hides="a single channel and a lucky run",
        lots=lambda inputs: inputs.count + 1,
        edits={
            "dgamma": _without_one,
            "via_var": lambda s: s.back_xhat * s.gamma * s.dgamma / s.work(s.count),
        },
    ),
    Fault(
        id="grid-limit-65535",
        title="samples beyond 65535 are not processed",
        math="y = dx = 0 from sample 65535 on; dgamma, dbeta without them",
        touches=("y", "dx", "dgamma", "dbeta"),
        mode="both",
        shows="N of 65536 and more",
        hides="smaller batches",
        edits={
            "y": lambda s: _within_grid(s, s.correct("y")),
            "dx": lambda s: _within_grid(s, s.correct("dx")),
            "dgamma": lambda s: s.back_total(_within_grid(s, s.dy * s.back_xhat)),
            "dbeta": lambda s: s.back_total(_within_grid(s, s.dy)),
        },
    ),
)
