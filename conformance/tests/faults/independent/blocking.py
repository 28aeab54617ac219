"""Faults of tails, blocks and threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.case import Actual, Array, Inputs, Kernel
from conformance.tests.faults.independent import plain
from conformance.tests.faults.independent.edit import Edit, edited
from conformance.tests.faults.independent.forward_formula import DGAMMA
from conformance.tests.faults.independent.lanes import chunk_mean, generator, lost_lane, part
from conformance.tests.faults.independent.numerics import DBETA, FROM_PARAMETER_GRADIENTS, VARIANCE
from conformance.tests.faults.independent.running_statistics import MEAN, VAR

BATCH_MEAN = "mean = self.total(x) / self.M"
_GRID = 65535
"""The most blocks that CUDA launches along the second dimension of a grid."""


def _times(x: Array, mean: Array) -> Array:
    """How often each channel's buffers are written: 1 to 3 times."""
    return generator(x).integers(1, 4, size=mean.shape)


def _grid_limit(inputs: Inputs) -> Actual:
    """The rows beyond the grid stay as the allocator left them, here 0."""
    right = plain.batch_norm(inputs)
    row = next(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    beyond = np.arange(inputs.x.shape[row]) >= _GRID
    if not beyond.any():
        return right
    left = (slice(None),) * row + (beyond,)

    def blank(values: Array) -> Array:
        cut = values.copy()
        cut[left] = 0
        return cut

    wrong: dict[str, Array] = {n: blank(right[n]) for n in ("y", "dx") if n in right}
    if inputs.dy is not None:
        reduced = plain.batch_norm(replace(inputs, dy=blank(inputs.dy)))
        wrong |= {n: reduced[n] for n in ("dgamma", "dbeta") if n in reduced}
    return {**right, **wrong}


KERNELS: dict[str, Kernel] = {
    "padding-counts-in-variance": edited(
        Edit(
            VARIANCE,
            "P = 1 << (int(self.M) - 1).bit_length() if self.M > 0 else 0\n"
            "padding = (P - int(self.M)) * mean**2\n"
            "var = (self.total((x - mean) ** 2) + padding) / self.M",
        )
    ),
    "last-partial-block-dropped": edited(
        Edit(
            BATCH_MEAN,
            "whole = int(self.M) // 16 * 16\nmean = part(x, self.axes, whole) / self.M",
        ),
        Edit(VARIANCE, "var = part((x - mean) ** 2, self.axes, whole) / self.M"),
        part=part,
    ),
    "last-element-dropped": edited(
        Edit(DBETA, "dbeta = part(dy, self.axes, -1)"),
        Edit(DGAMMA, "dgamma = part(dy * xhat, self.axes, -1)"),
        *FROM_PARAMETER_GRADIENTS,
        part=part,
    ),
    "unweighted-chunk-merge": edited(
        Edit(BATCH_MEAN, "mean = chunk_mean(x, self.axes, 4)"),
        Edit(VARIANCE, "var = chunk_mean((x - mean) ** 2, self.axes, 4)"),
        chunk_mean=chunk_mean,
    ),
    "running-rmw-race": edited(
        Edit(
            MEAN,
            "times = times_written(self.inputs.x, mean)\n"
            "for turn in range(3):\n"
            "    blend = (1 - m) * self.running_mean + m * mean\n"
            "    self.running_mean = np.where(turn < times, blend, self.running_mean)",
        ),
        Edit(
            VAR,
            "for turn in range(3):\n"
            "    blend = (1 - m) * self.running_var + m * unbiased\n"
            "    self.running_var = np.where(turn < times, blend, self.running_var)",
        ),
        times_written=_times,
    ),
    "missing-barrier-partial-sum": edited(
        Edit(DGAMMA, "dgamma = lost_lane(dy * xhat, self.axes, self.inputs.x)"),
        *FROM_PARAMETER_GRADIENTS,
        lost_lane=lost_lane,
    ),
    "grid-limit-65535": _grid_limit,
}
