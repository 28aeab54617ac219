"""Faults of the forward formula ``y = gamma (x - mean) / sqrt(var + eps) + beta``."""

from __future__ import annotations

import numpy as np

from conformance.faults.fault import NORMALIZED, Fault

FAULTS = (
    Fault(
        id="eval-missing-std",
        title="test mode forgets to divide by the standard deviation",
        math="test: xhat = x - running_mean; y and dgamma are built from it",
        touches=("y", "dgamma"),
        mode="test",
        shows="a running variance far from 1",
        hides="a running variance of 1, as in a fresh layer",
        core=True,
        edits={
            "xhat": lambda s: s.correct("xhat") if s.training else s.x - s.center,
            "back_xhat": lambda s: s.correct("back_xhat") if s.training else s.back_deviation,
        },
    ),
    Fault(
        id="beta-sign-flip",
        title="beta is subtracted",
        math="y = gamma xhat - beta",
        touches=("y",),
        mode="both",
        shows="beta away from 0",
        hides="beta = 0, as in a fresh layer",
        core=True,
        edits={"y": lambda s: s.gamma * s.xhat - s.beta},
    ),
    Fault(
        id="var-plus-eps-squared",
        title="the square of var + eps instead of its root",
        math="inv_std = 1 / (var + eps)^2",
        touches=NORMALIZED,
        mode="both",
        shows="a variance away from 1",
        hides="var + eps = 1",
        core=True,
        edits={"inv_std": lambda s: 1 / (s.spread + s.eps) ** 2},
    ),
    Fault(
        id="inv-variance-not-invstd",
        title="the inverse of the variance instead of the standard deviation",
        math="inv_std = 1 / (var + eps)",
        touches=NORMALIZED,
        mode="both",
        shows="a variance away from 1",
        hides="var + eps near 1",
        core=True,
        edits={"inv_std": lambda s: 1 / (s.spread + s.eps)},
    ),
    Fault(
        id="unbiased-var-in-normalise",
        title="the batch is normalized by the variance over M - 1",
        math="inv_std = 1 / sqrt(var M / (M - 1) + eps)",
        touches=NORMALIZED,
        mode="train",
        shows="small M: 13% at 4, 1.6% at 32",
        hides="large M",
        core=True,
        edits={"spread": lambda s: s.var * s.bessel if s.training else s.old_var},
    ),
    Fault(
        id="gamma-ignored",
        title="gamma is treated as 1",
        math="y = xhat + beta; dx without gamma; dgamma = 0",
        touches=("y", "dx", "dgamma"),
        mode="both",
        shows="gamma away from 1",
        hides="gamma = 1, if dgamma is not compared",
        core=True,
        edits={
            "gamma": lambda s: s.column(None, 1.0),
            "dgamma": lambda s: np.zeros_like(s.gamma),
        },
    ),
    Fault(
        id="gamma-beta-swapped",
        title="gamma and beta are exchanged",
        math="y = beta xhat + gamma; dx scaled by beta",
        touches=("y", "dx"),
        mode="both",
        shows="gamma other than beta",
        hides="gamma = beta",
        edits={
            "gamma": lambda s: s.correct("beta"),
            "beta": lambda s: s.correct("gamma"),
        },
    ),
    Fault(
        id="eval-mean-not-subtracted",
        title="test mode does not subtract the running mean",
        math="test: y = gamma inv_std x + beta",
        touches=("y",),
        mode="test",
        shows="a running mean away from 0",
        hides="a running mean of 0, as in a fresh layer",
        core=True,
        edits={"xhat": lambda s: s.correct("xhat") if s.training else s.x * s.inv_std},
    ),
)
