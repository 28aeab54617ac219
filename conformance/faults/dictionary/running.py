"""Faults of the running statistics ``(1 - m) old + m new``."""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Dialect
from conformance.faults.fault import IN_HALF, Fault
from conformance.faults.sheet import FIRST_AXIS, Formula, Sheet

_BOTH = ("running_mean", "running_var")
_LARGE = 4096


def _again(cell: str, old: str, fed: str) -> Formula:
    """A running statistic that is updated, and updated once more."""

    def running(s: Sheet) -> Array:
        once = s.correct(cell)
        return np.asarray(s.blend(once, getattr(s, fed)) if s.updates else getattr(s, old))

    return running


def _bessel_in_half(s: Sheet) -> Array:
    kind = s.inputs.x.dtype.type
    return np.asarray(s.work(kind(kind(s.number) / kind(s.number - s.work(1)))))


def _by_samples(s: Sheet) -> Array:
    return s.work(s.samples) / s.work(s.samples - 1)  # type: ignore[no-any-return]  # a scalar


FAULTS = (
    Fault(
        id="running-var-wrong-estimator",
        title="the biased variance enters the running variance, or M/(M-1) where it should not",
        math="running_var = (1 - m) old + m var; in the biased dialect m var M/(M-1)",
        touches=("running_var",),
        mode="train",
        shows="small M",
        hides="large M: 2e-4 at 1568",
        core=True,
        edits={"correction": lambda s: s.bessel if s.biased else 1.0},
    ),
    Fault(
        id="momentum-swapped",
        title="momentum weights the old value",
        math="running = m old + (1 - m) new",
        touches=_BOTH,
        mode="train",
        shows="momentum away from 0.5",
        hides="momentum 0.5, or running statistics equal to the batch's",
        core=True,
        edits={"momentum": lambda s: 1 - s.correct("momentum")},
    ),
    Fault(
        id="running-stats-frozen",
        title="training never writes the running statistics",
        math="running = old",
        touches=_BOTH,
        mode="train",
        shows="any momentum but 0",
        hides="running statistics that are not compared",
        core=True,
        edits={"updates": lambda _: False},
    ),
    Fault(
        id="running-var-frozen",
        title="only the running mean is written",
        math="running_var = old",
        touches=("running_var",),
        mode="train",
        shows="any momentum but 0",
        hides="running statistics that are not compared",
        edits={"running_var": lambda s: s.old_var},
    ),
    Fault(
        id="running-stats-overwritten",
        title="the running statistics are replaced by the batch's",
        math="running = new",
        touches=_BOTH,
        mode="train",
        shows="momentum below 1",
        hides="momentum 1",
        edits={"blend": lambda _: lambda _old, new: new},
    ),
    Fault(
        id="running-updated-in-eval",
        title="test mode writes the running statistics",
        math="test: running = (1 - m) old + m new",
        touches=_BOTH,
        mode="test",
        shows="running statistics compared after a call in test mode",
        hides="only y compared",
        core=True,
        edits={"updates": lambda s: s.correct("updates") if s.training else s.count > 0},
    ),
    Fault(
        id="running-var-includes-eps",
        title="var + eps enters the running variance",
        math="running_var = (1 - m) old + m (var M / (M - 1) + eps)",
        touches=("running_var",),
        mode="train",
        shows="eps of 1e-2 and more",
        hides="eps = 1e-5: 1e-6 relative",
        core=True,
        edits={"fed_var": lambda s: s.var * s.correction + s.eps},
    ),
    Fault(
        id="running-var-stores-std",
        title="the standard deviation enters the running variance",
        math="running_var = (1 - m) old + m sqrt(var M / (M - 1))",
        touches=("running_var",),
        mode="train",
        shows="a variance away from 1",
        hides="a variance near 1",
        edits={"fed_var": lambda s: np.sqrt(s.var * s.correction)},
    ),
    Fault(
        id="bessel-uses-batch-only",
        title="the running variance is corrected by N/(N-1) instead of M/(M-1)",
        math="running_var = (1 - m) old + m var N / (N - 1)",
        touches=("running_var",),
        mode="train",
        shows="spatial input",
        hides="rank 2, where N = M",
        core=True,
        edits={"correction": _by_samples},
        otherwise=({"correction": _by_samples, **FIRST_AXIS},),
    ),
    Fault(
        id="bessel-nan-single-value",
        title="M/(M-1) is formed for a single value: the running variance becomes NaN",
        math="running_var = (1 - m) old + m (var M / (M - 1)) (M - 1) / M",
        touches=("running_var",),
        mode="train",
        shows="one value per channel",
        hides="two values or more",
        dialect=Dialect(running_var="biased"),
        edits={
            "correction": lambda s: (
                s.work(s.count) / s.work(s.count - 1) * (s.work(s.count - 1) / s.work(s.count))
            )
        },
    ),
    Fault(
        id="empty-batch-nan",
        title="the mean of an empty batch, NaN, enters the running statistics",
        math="N = 0: running = (1 - m) old + m 0/0",
        touches=_BOTH,
        mode="train",
        shows="N = 0",
        hides="one sample or more",
        edits={"updates": lambda s: s.training and (s.count == 0 or s.correct("updates"))},
    ),
    Fault(
        id="debias-divide-by-zero",
        title="test mode before any training divides the running mean by 1 - (1 - m)^0 = 0",
        math="test: y = gamma (x - running_mean / 0) inv_std + beta",
        touches=("y",),
        mode="test",
        shows="test mode before any training",
        hides="test mode after a training step",
        edits={
            "xhat": lambda s: (
                s.correct("xhat")
                if s.training
                else (s.x - s.old_mean / (1 - (1 - s.momentum) ** 0)) * s.inv_std
            )
        },
    ),
    Fault(
        id="running-updated-twice",
        title="recomputation in the backward pass updates the running statistics once more",
        math="running = (1 - m)^2 old + (1 - (1 - m)^2) new",
        touches=_BOTH,
        mode="train",
        shows="running statistics away from the batch's",
        hides="momentum 0 or 1",
        edits={
            "running_mean": _again("running_mean", "old_mean", "fed_mean"),
            "running_var": _again("running_var", "old_var", "fed_var"),
        },
    ),
    Fault(
        id="running-old-forgotten",
        title="training forgets the old running statistics",
        math="running = m new",
        touches=_BOTH,
        mode="train",
        shows="running statistics away from 0",
        hides="running statistics of 0",
        edits={"blend": lambda s: lambda _old, new: s.momentum * new},
    ),
    Fault(
        id="bessel-in-half",
        title="M/(M-1) is formed in the type of x",
        math="running_var = (1 - m) old + m var half(M / (M - 1))",
        touches=("running_var",),
        mode="train",
        shows="half precision, where M/(M-1) is no number of it",
        hides="float32",
        types=("float16", "float16+float32"),
        edits={"bessel": _bessel_in_half},
    ),
    Fault(
        id="momentum-hardcoded",
        title="the caller's momentum is ignored: it is always 0.1",
        math="running = 0.9 old + 0.1 new",
        touches=_BOTH,
        mode="train",
        shows="a momentum other than 0.1",
        hides="momentum 0.1, the default",
        edits={"momentum": lambda _: 0.1},
    ),
    Fault(
        id="bessel-missing-above-4096",
        title="above M = 4096 the running variance has no factor M/(M-1)",
        math="running_var = (1 - m) old + m var where M > 4096",
        touches=("running_var",),
        mode="train",
        shows="M above 4096, by 1/M",
        hides="M of 4096 and less",
        edits={"correction": lambda s: 1.0 if s.count > _LARGE else s.correct("correction")},
    ),
    Fault(
        id="momentum-clamped",
        title="a momentum above 1 is clamped to 1",
        math="running = (1 - min(m, 1)) old + min(m, 1) new",
        touches=_BOTH,
        mode="train",
        shows="a momentum above 1",
        hides="momentum of 1 and less",
        edits={"momentum": lambda s: min(s.correct("momentum"), 1.0)},
    ),
    Fault(
        id="momentum-one-copies-biased",
        title="with momentum 1 half precision copies the biased variance",
        math="running_var = var where m = 1, else (1 - m) old + m var M / (M - 1)",
        touches=("running_var",),
        mode="train",
        shows="momentum 1 in half precision and a small M",
        hides="any other momentum or type",
        types=IN_HALF,
        edits={"bessel": lambda s: 1.0 if s.momentum == 1 else s.correct("bessel")},
    ),
)
