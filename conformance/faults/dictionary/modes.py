"""Faults that mix up training and test mode."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Actual, Array
from conformance.faults.fault import NORMALIZED, Fault
from conformance.faults.sheet import Sheet


def _kept(s: Sheet) -> bool:
    """Whether a training call has running statistics that could be mistaken for the batch's."""
    return bool(s.training) and s.inputs.running_mean is not None


def _root(s: Sheet, var: Array) -> Array:
    return np.asarray(1 / np.sqrt(var + s.eps))


def _blended(s: Sheet) -> Array:
    if not _kept(s):
        return np.asarray(s.correct("xhat"))
    return np.asarray((s.x - s.new_mean) * _root(s, s.new_var))


def _by_pairs(s: Sheet) -> Array:
    """Two samples at a time, each pair normalized by its own statistics."""
    if s.training:
        return np.asarray(s.correct("xhat"))
    samples = s.by_sample(s.x)
    parts = []
    for first in range(0, samples.shape[1], 2):
        pair = samples[:, first : first + 2].reshape(len(samples), -1)
        off = pair - pair.mean(axis=1, keepdims=True)
        parts.append(off * _root(s, (off**2).mean(axis=1, keepdims=True)))
    return np.concatenate(parts, axis=1) if parts else s.x


def _variance_returned(s: Sheet) -> Callable[[Actual], Actual]:
    def deliver(outputs: Actual) -> Actual:
        if s.training or "inv_std" not in outputs:
            return outputs
        kind = outputs["inv_std"].dtype
        return {**outputs, "inv_std": s.spread.reshape(s.inputs.channel_shape).astype(kind)}

    return deliver


FAULTS = (
    Fault(
        id="train-uses-running-stats",
        title="training normalizes by the running statistics",
        math="train: y = gamma (x - running_mean) / sqrt(running_var + eps) + beta",
        touches=("y",),
        mode="train",
        shows="running statistics far from the batch's",
        hides="running statistics equal to the batch's",
        core=True,
        edits={
            "xhat": lambda s: (
                (s.x - s.old_mean) * _root(s, s.old_var) if _kept(s) else s.correct("xhat")
            )
        },
    ),
    Fault(
        id="train-uses-blended-stats",
        title="training normalizes by the updated running statistics",
        math="train: y uses (1 - m) old + m new for mean and variance",
        touches=("y",),
        mode="train",
        shows="momentum away from 1",
        hides="momentum 1 at large M",
        edits={"xhat": _blended},
    ),
    Fault(
        id="eval-uses-batch-stats",
        title="test mode normalizes by the batch's statistics",
        math="test: mean and var of the batch",
        touches=("y", "dx", "dgamma", "inv_std"),
        mode="test",
        shows="running statistics far from the batch's",
        hides="running statistics equal to the batch's",
        core=True,
        edits={"center": lambda s: s.mean, "spread": lambda s: s.var},
    ),
    Fault(
        id="eval-dx-uses-train-formula",
        title="dx of test mode is that of training",
        math="test: dx = gamma inv_std (dy - mean(dy) - xhat mean(dy xhat))",
        touches=("dx",),
        mode="test",
        shows="any backward pass in test mode with mean(dy) away from 0",
        hides="no backward pass in test mode",
        core=True,
        edits={"projected": lambda s: s.local - s.through(s.via_mean) - s.through(s.via_var)},
    ),
    Fault(
        id="eval-bwd-uses-batch-stats",
        title="the backward pass of test mode uses the batch's statistics",
        math="test: dx = gamma dy / sqrt(var + eps), dgamma from the batch's xhat",
        touches=("dx", "dgamma"),
        mode="test",
        shows="running statistics far from the batch's",
        hides="running statistics equal to the batch's",
        core=True,
        edits={"back_center": lambda s: s.mean, "back_inv_std": lambda s: _root(s, s.var)},
    ),
    Fault(
        id="eval-dx-missing-invstd",
        title="dx of test mode lacks inv_std",
        math="test: dx = gamma dy",
        touches=("dx",),
        mode="test",
        shows="a running variance away from 1",
        hides="a running variance of 1, as in a fresh layer",
        edits={"dx": lambda s: s.correct("dx") if s.training else s.slope},
    ),
    Fault(
        id="train-bwd-uses-running-stats",
        title="the backward pass of training uses the running statistics",
        math="train: dx, dgamma from xhat = (x - running_mean) / sqrt(running_var + eps)",
        touches=("dx", "dgamma"),
        mode="train",
        shows="running statistics far from the batch's",
        hides="running statistics equal to the batch's",
        edits={
            "back_center": lambda s: s.old_mean if _kept(s) else s.center,
            "back_inv_std": lambda s: _root(s, s.old_var) if _kept(s) else s.inv_std,
        },
    ),
    Fault(
        id="virtual-batch-in-eval",
        title="test mode normalizes groups of the batch by their own statistics",
        math="test: y of every two samples with their mean and variance",
        touches=("y",),
        mode="test",
        shows="running statistics far from the batch's",
        hides="training",
        edits={"xhat": _by_pairs},
    ),
    Fault(
        id="eval-inv-std-as-variance",
        title="inference is handed the inverse standard deviation where the variance is due",
        math="test: inv_std = 1 / sqrt(1 / sqrt(running_var + eps) + eps)",
        touches=NORMALIZED,
        mode="test",
        shows="a running variance away from 1",
        hides="a running variance of 1, as in a fresh layer",
        edits={"spread": lambda s: s.var if s.training else 1 / np.sqrt(s.old_var + s.eps)},
    ),
    Fault(
        id="variance-returned-as-inv-std",
        title="test mode returns the variance as inv_std",
        math="test: inv_std = running_var",
        touches=("inv_std",),
        mode="test",
        shows="a running variance away from 1",
        hides="inv_std that is not compared",
        edits={"delivered": _variance_returned},
    ),
    Fault(
        id="eval-bwd-reads-nothing",
        title="the backward pass of test mode reads statistics that were never written",
        math="test: dx = dgamma = 0, from mean = inv_std = 0",
        touches=("dx", "dgamma"),
        mode="test",
        shows="a backward pass in test mode",
        hides="no backward pass in test mode",
        edits={
            "back_center": lambda s: s.center if s.training else np.zeros_like(s.gamma),
            "back_inv_std": lambda s: s.inv_std if s.training else np.zeros_like(s.gamma),
        },
    ),
    Fault(
        id="train-mean-not-subtracted",
        title="training does not subtract the mean",
        math="train: y = gamma inv_std x + beta",
        touches=("y",),
        mode="train",
        shows="a mean away from 0",
        hides="x with mean 0",
        edits={"xhat": lambda s: s.x * s.inv_std if s.training else s.correct("xhat")},
    ),
)
