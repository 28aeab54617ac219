"""Faults of axes and layouts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs
from conformance.faults.fault import BY_STATISTICS, NORMALIZED, Fault
from conformance.faults.sheet import Edits, Formula, Sheet


def _as_channels_first(inputs: Inputs, array: Array) -> Array:
    """Rows of a kernel that takes the values for ``(N, C, *)`` in C order."""
    channels = int(np.prod(inputs.channel_shape))
    samples = inputs.x.shape[0] if inputs.channel_axes[0] != 0 else inputs.x.shape[1]
    blocks = np.ascontiguousarray(array).reshape(samples, channels, -1)
    return blocks.transpose(1, 0, 2).reshape(channels, -1)


def _misread(inputs: Inputs) -> bool:
    return not isinstance(inputs.axis, tuple) and inputs.channel_axes[0] != 1 and inputs.count > 0


def _first(name: str) -> Formula:
    def read(s: Sheet) -> Array:
        if not _misread(s.inputs):
            return np.asarray(s.correct(name))
        return _as_channels_first(s.inputs, getattr(s.inputs, name)).astype(s.work)

    return read


def _written_first(s: Sheet) -> Callable[[str], Array]:
    shaped: Callable[[str], Array] = s.correct("shaped")

    def shape(name: str) -> Array:
        if name not in LIKE_X or not _misread(s.inputs):
            return shaped(name)
        channels = int(np.prod(s.inputs.channel_shape))
        samples = s.inputs.x.shape[0] if s.inputs.channel_axes[0] != 0 else s.inputs.x.shape[1]
        blocks = getattr(s, name).reshape(channels, samples, -1).transpose(1, 0, 2)
        return np.asarray(blocks.reshape(s.inputs.x.shape).astype(shaped(name).dtype))

    return shape


def _misread_backward(s: Sheet) -> Array:
    if _misread(s.inputs) and s.inputs.x.ndim > 2:  # noqa: PLR2004 - rank 2 has one layout
        return _as_channels_first(s.inputs, s.inputs.x).astype(s.work)
    return np.asarray(s.x)


def _by_group(axis: int) -> Edits:
    """Statistics over one axis of ``(C, N, spatial)`` alone, in training."""

    def average(s: Sheet, rows: Array) -> Array:
        groups = s.by_sample(rows)
        mean = groups.sum(axis=axis, keepdims=True) / s.work(groups.shape[axis])
        return np.asarray(np.broadcast_to(mean, groups.shape).reshape(rows.shape))

    def off(s: Sheet) -> Array:
        return np.asarray(s.x - average(s, s.x))

    def inv_std(s: Sheet) -> Array:
        if not s.training:
            return np.asarray(s.inv_std)
        return np.asarray(1 / np.sqrt(average(s, off(s) ** 2) + s.eps))

    def xhat(s: Sheet) -> Array:
        return np.asarray(off(s) * s.back_inv_std if s.training else s.correct("xhat"))

    return {
        "xhat": xhat,
        "back_xhat": lambda s: s.xhat,
        "back_inv_std": inv_std,
        "back_average": lambda s: lambda rows: average(s, rows),
    }


def _along_last_axis(s: Sheet, name: str) -> Array:
    """A parameter of length C laid along the last axis, where that has length C too."""
    inputs, given = s.inputs, getattr(s.inputs, name)
    fits = inputs.channel_axes == (1,) and inputs.x.ndim > 2  # noqa: PLR2004 - rank 2 is right
    if given is None or not fits or inputs.x.shape[-1] != given.size:
        return np.asarray(getattr(s, name))
    return np.asarray(given.astype(s.work)[np.arange(s.count) % given.size][None, :])


FAULTS = (
    Fault(
        id="axis-ignored-channels-first",
        title="channels-last data is walked as channels-first",
        math="statistics over the wrong elements where the channel axis is not 1",
        touches=(*BY_STATISTICS, "dbeta"),
        mode="both",
        shows="a channel axis other than 1, with C > 1 and H*W > 1",
        hides="channels first; rank 2",
        core=True,
        edits={"x": _first("x"), "dy": _first("dy"), "shaped": _written_first},
    ),
    Fault(
        id="bwd-input-layout-reinterpreted",
        title="the backward pass reads channels-last x as channels-first",
        math="dx and dgamma from the wrong x; y and dbeta are right",
        touches=("dx", "dgamma"),
        mode="both",
        shows="channels-last input with a backward pass",
        hides="forward tests; channels first",
        edits={"back_x": _misread_backward},
    ),
    Fault(
        id="per-activation-stats",
        title="statistics over N alone, one for every position",
        math="train: mean, var of each (c, h, w)",
        touches=("y", "dx", "dgamma"),
        mode="train",
        shows="H*W > 1",
        hides="rank 2",
        core=True,
        edits=_by_group(1),
    ),
    Fault(
        id="per-sample-stats",
        title="statistics of each sample alone, as in instance normalization",
        math="train: mean, var of each (n, c)",
        touches=("y", "dx", "dgamma"),
        mode="train",
        shows="N > 1",
        hides="N = 1",
        edits=_by_group(2),
    ),
    Fault(
        id="affine-broadcast-on-last-axis",
        title="gamma and beta are broadcast along the last axis",
        math="y[n,c,h,w] = gamma[w] xhat + beta[w]",
        touches=("y",),
        mode="both",
        shows="W = C",
        hides="W other than C, where it is an error of shapes",
        edits={"y": lambda s: _along_last_axis(s, "gamma") * s.xhat + _along_last_axis(s, "beta")},
    ),
    Fault(
        id="count-uses-channels",
        title="sums are divided by C instead of M",
        math="var = sum((x - mean)^2) / C; the means in dx divided by C",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="M other than C",
        hides="a square batch, M = C",
        edits={
            "var": lambda s: s.total(s.deviation**2) / s.work(len(s.x)),
            "back_average": lambda s: lambda rows: s.back_total(rows) / s.work(len(s.x)),
        },
    ),
)
