"""Kernels with the faults of public reports, alone and in pairs, are given no wrong name."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Array, Dialect, Kernel
from conformance.faults.diagnosis import diagnose
from conformance.power import matrix
from conformance.tests.faults.independent.dx_formula import DXHAT
from conformance.tests.faults.independent.edit import TRAINING_DX, Edit, edited, where
from conformance.tests.faults.independent.forward_formula import INV_STD, Y
from conformance.tests.faults.independent.numerics import VARIANCE
from conformance.tests.faults.independent.running_statistics import (
    MEAN,
    TEST_STATISTICS,
    UPDATE,
    VAR,
    WEIGHTS,
)
from conformance.tests.faults.trials import evidence

RETURNED = 'return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}'
FOUND = 'return {"y": y, "inv_std": inv_std, **found}'
BATCH_MEAN = "mean = self.total(x) / self.M"


def _shares(values: Array, axes: tuple[int, ...]) -> Array:
    """The mean of two processes' means, the first of which has a sample more if one is odd."""
    n = values.shape[axes[0]]
    parts = (values.take(range(a, b), axes[0]) for a, b in ((0, n - n // 2), (n - n // 2, n)))
    means = [part.mean(axis=axes, keepdims=True) for part in parts if part.size]
    summed = sum(means[1:], means[0]) if means else values.sum(axis=axes, keepdims=True)
    return np.asarray(summed / values.dtype.type(max(len(means), 1)))


FORGETS = (
    Edit(MEAN, "self.running_mean = m * mean"),
    Edit(VAR, "self.running_var = m * unbiased"),
)
EPS_IN_VARIANCE = Edit(VARIANCE, "var = self.total((x - mean) ** 2) / self.M + self.eps")
CLAMPED = (
    Edit(DXHAT, "dxhat = dy * np.maximum(self.gamma, 0)"),
    Edit(Y, "y = np.maximum(self.gamma, 0) * xhat + self.beta"),
)
NO_BETA = Edit(Y, "y = self.gamma * xhat")
TWICE = Edit(UPDATE, "self.update(mean, var)\nself.update(mean, var)")

REPORTED: dict[str, tuple[Kernel, set[str]]] = {
    "rocm-libraries 2459": (
        edited(
            Edit(
                TEST_STATISTICS,
                "mean, var = self.running_mean, 1 / np.sqrt(self.running_var + self.eps)",
            )
        ),
        {"eval-inv-std-as-variance"},
    ),
    "YOLO-Master 262": (edited(TWICE), {"running-updated-twice"}),
    "tensorflow 30230": (
        where(
            lambda inputs: inputs.x.dtype == np.float16,
            edited(
                Edit(
                    WEIGHTS,
                    "h = np.float16\n"
                    "m, ratio = self.momentum, h(h(self.M) / h(self.M - 1))\n"
                    "unbiased = var * self.work.type(ratio)",
                )
            ),
        ),
        {"bessel-in-half"},
    ),
    "Paddle 32464": (
        edited(
            Edit(BATCH_MEAN, "mean = shares(x, self.axes)"),
            Edit(VARIANCE, "var = shares((x - mean) ** 2, self.axes)"),
            shares=_shares,
        ),
        {"uneven-shares"},
    ),
    "Enzyme-JAX 337": (
        edited(
            Edit(
                RETURNED,
                "dx, dgamma, dbeta = (np.zeros_like(v) for v in (dx, dgamma, dbeta))\n" + RETURNED,
            )
        ),
        {"gradients-zero"},
    ),
    "onnxruntime 19742, the first": (edited(*FORGETS), {"running-old-forgotten"}),
    "onnxruntime 19742, the second": (edited(EPS_IN_VARIANCE), {"var-includes-eps"}),
    "onnxruntime-qnn 140": (edited(*CLAMPED), {"gamma-negative-clamped"}),
    "a Triton module": (
        edited(
            Edit(
                RETURNED,
                "if not self.training:\n    dx, dgamma = np.zeros_like(dx), np.zeros_like(dgamma)\n"
                + RETURNED,
            )
        ),
        {"eval-bwd-reads-nothing"},
    ),
    "an autograd.Function without eps": (
        edited(Edit(INV_STD, "inv_std = 1 / np.sqrt(var)")),
        {"eps-missing"},
    ),
    "a fixed momentum": (
        edited(Edit(WEIGHTS, "m, unbiased = 0.1, var * self.M / (self.M - 1)")),
        {"momentum-hardcoded"},
    ),
    "no beta": (edited(NO_BETA), {"beta-ignored"}),
    "beta before gamma": (
        edited(Edit(Y, "y = self.gamma * (xhat + self.beta)")),
        {"beta-before-gamma"},
    ),
    "the variance for inv_std": (
        edited(
            Edit(FOUND, 'return {"y": y, "inv_std": inv_std if self.training else var, **found}')
        ),
        {"variance-returned-as-inv-std"},
    ),
    "onnxruntime 19742, both": (
        edited(*FORGETS, EPS_IN_VARIANCE),
        {"running-old-forgotten", "var-includes-eps"},
    ),
    "no beta and two updates": (edited(NO_BETA, TWICE), {"beta-ignored", "running-updated-twice"}),
    "eps in the variance and no beta": (
        edited(EPS_IN_VARIANCE, NO_BETA),
        {"var-includes-eps", "beta-ignored"},
    ),
    "two updates and frozen statistics in dx": (
        edited(TWICE, Edit(TRAINING_DX, "dx = dxhat * inv_std")),
        {"running-updated-twice", "dx-stats-constant"},
    ),
}
"""What reports and real kernels have, written anew; and what it is to be called."""

_EACH = 3
"""Every so many-th case is enough to tell one from another."""


@pytest.mark.parametrize("report", REPORTED)
def test_a_reported_fault_is_named(report: str) -> None:
    """A kernel with the fault of a report gets its name, with two faults both, and no other."""
    made, wanted = REPORTED[report]
    found = diagnose(evidence(made)[::_EACH], Dialect(), matrix.predictions(Dialect()))
    names = {name for f in found if f.fault for name in (f.fault, *f.together)}
    assert names == wanted
