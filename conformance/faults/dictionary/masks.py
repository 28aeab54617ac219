"""Statistics under a mask: of the wrong values, by the wrong number, or with the wrong gradient."""

from __future__ import annotations

import numpy as np

from conformance.arrays import RUNNING
from conformance.case import Array
from conformance.faults.fault import Fault
from conformance.faults.sheet import Sheet

_STATISTICS = ("y", "dx", "dgamma", "mean", "var", "inv_std", *RUNNING)
_OF_VARIANCE = ("y", "dx", "dgamma", "var", "inv_std", "running_var")


def _size_of_mask(s: Sheet) -> Array:
    """How many ones the mask has itself, before it is laid over x."""
    mask = s.inputs.mask
    if s.mask is None or mask is None:
        return np.asarray(s.correct("number"))
    whole = mask if mask.ndim == s.inputs.x.ndim else np.ones(1)
    return np.full((len(s.x), 1), np.count_nonzero(whole), s.work)


def _with_zeros(s: Sheet) -> Array:
    """The mean square of what is left of x after the mask, less the mean, padding as 0."""
    if s.mask is None:
        return np.asarray(s.correct("var"))
    return np.asarray(s.total((s.weight * s.x - s.mean) ** 2) / s.number)


FAULTS = (
    Fault(
        id="mask-ignored",
        title="a mask is taken and not used: all values count",
        math="mean = sum(x) / M over all",
        touches=_STATISTICS,
        mode="train",
        shows="a mask that leaves something out",
        hides="no mask, or one that keeps everything",
        edits={"mask": lambda _: None},
    ),
    Fault(
        id="mask-count-of-all",
        title="sums over what a mask keeps are divided by the number of all values",
        math="mean = sum(mask x) / M over all",
        touches=_STATISTICS,
        mode="train",
        shows="a mask that leaves something out",
        hides="no mask, or one that keeps everything",
        edits={"number": lambda s: s.work(s.count)},
    ),
    Fault(
        id="mask-of-fewer-axes",
        title="sums under a mask of fewer axes than x are divided by the size of the mask",
        math="mean = sum(mask x) / sum(mask before it is laid over x)",
        touches=_STATISTICS,
        mode="train",
        shows="a mask of samples over sequences or images",
        hides="a mask that has every axis but that of the channels",
        edits={"number": _size_of_mask},
    ),
    Fault(
        id="mask-padding-as-zero",
        title="the variance under a mask counts padding as values of 0",
        math="var = sum((mask x - mean)^2) / sum(mask)",
        touches=_OF_VARIANCE,
        mode="train",
        shows="a mask that leaves something out, and a mean that is not 0",
        hides="no mask, or a mean of 0",
        edits={"var": _with_zeros},
    ),
    Fault(
        id="mask-bessel-of-all",
        title="the running variance under a mask is corrected by the number of all values",
        math="running_var = (1 - m) old + m var M / (M - 1), M over all",
        touches=("running_var",),
        mode="train",
        shows="a mask that keeps few values",
        hides="no mask, or one that keeps everything",
        edits={"bessel": lambda s: s.work(s.count) / s.work(s.count - 1)},
    ),
    Fault(
        id="mask-cuts-dx",
        title="dx is 0 where a mask leaves a value out: y has it, and so has the loss",
        math="dx = mask dx",
        touches=("dx",),
        mode="train",
        shows="a mask that leaves something out",
        hides="no mask, or one that keeps everything",
        edits={"dx": lambda s: s.correct("dx") if s.mask is None else s.weight * s.correct("dx")},
    ),
    Fault(
        id="mask-cuts-dy",
        title="dy counts as 0 where a mask leaves a value out",
        math="dbeta = sum(mask dy), dgamma = sum(mask dy xhat)",
        touches=("dx", "dgamma", "dbeta"),
        mode="train",
        shows="a mask that leaves something out, and a dy that is not 0 there",
        hides="no mask, or a loss that looks at what is kept alone",
        edits={"dy": lambda s: s.weighted(s.correct("dy"))},
    ),
    Fault(
        id="mask-gradient-everywhere",
        title="mean and variance reach the dx of values that a mask leaves out, too",
        math="dx = gamma r (dy - mean(dy) - xhat mean(dy xhat)) everywhere",
        touches=("dx",),
        mode="train",
        shows="a mask that leaves something out",
        hides="no mask, or one that keeps everything",
        edits={"through": lambda _: lambda part: part},
    ),
    Fault(
        id="mask-makes-training",
        title="test mode normalizes by the statistics of the batch where there is a mask",
        math="test: y = gamma (x - mean) / sqrt(var + eps) + beta",
        touches=("y", "dx", "dgamma", "inv_std"),
        mode="test",
        shows="test mode with a mask",
        hides="no mask, or training",
        edits={
            "center": lambda s: s.correct("center") if s.inputs.mask is None else s.mean,
            "spread": lambda s: s.correct("spread") if s.inputs.mask is None else s.var,
        },
    ),
    Fault(
        id="mask-empty-updates",
        title="a mask that keeps nothing updates the running statistics, by 0 / 0 or by 0",
        math="running = (1 - m) old + m 0/0",
        touches=RUNNING,
        mode="train",
        shows="a mask of zeros",
        hides="a mask that keeps a value",
        edits={"updates": lambda s: s.training and s.count > 0},
    ),
)
