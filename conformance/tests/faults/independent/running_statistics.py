"""Faults in the exponential averages that training keeps for test mode."""

from __future__ import annotations

from conformance.case import Kernel
from conformance.tests.faults.independent.edit import Edit, edited
from conformance.tests.faults.independent.forward_formula import Y
from conformance.tests.faults.independent.mode_confusion import BATCH_STATISTICS

WEIGHTS = "m, unbiased = self.momentum, var * self.M / (self.M - 1)"
MEAN = "self.running_mean = (1 - m) * self.running_mean + m * mean"
VAR = "self.running_var = (1 - m) * self.running_var + m * unbiased"
UPDATE = "self.update(mean, var)"
TEST_STATISTICS = "mean, var = self.running_mean, self.running_var"

KERNELS: dict[str, Kernel] = {
    "running-var-wrong-estimator": edited(Edit(WEIGHTS, "m, unbiased = self.momentum, var")),
    "momentum-swapped": edited(
        Edit(WEIGHTS, "m, unbiased = 1 - self.momentum, var * self.M / (self.M - 1)")
    ),
    "running-stats-frozen": edited(Edit(UPDATE, "")),
    "running-var-frozen": edited(Edit(VAR, "")),
    "running-stats-overwritten": edited(
        Edit(MEAN, "self.running_mean = mean"), Edit(VAR, "self.running_var = unbiased")
    ),
    "running-updated-in-eval": edited(
        Edit(
            TEST_STATISTICS,
            TEST_STATISTICS + "\n" + BATCH_STATISTICS + "self.update(batch_mean, batch_var)",
        )
    ),
    "running-var-includes-eps": edited(
        Edit(VAR, "self.running_var = (1 - m) * self.running_var + m * (unbiased + self.eps)")
    ),
    "running-var-stores-std": edited(
        Edit(VAR, "self.running_var = (1 - m) * self.running_var + m * np.sqrt(unbiased)")
    ),
    "bessel-uses-batch-only": edited(
        Edit(
            WEIGHTS,
            "N = self.work.type(self.inputs.x.shape[self.axes[0]])\n"
            "m, unbiased = self.momentum, var * N / (N - 1)",
        )
    ),
    "bessel-nan-single-value": edited(
        Edit(
            VAR,
            "biased = unbiased * (self.M - 1) / self.M\n"
            "self.running_var = (1 - m) * self.running_var + m * biased",
        )
    ),
    "debias-divide-by-zero": edited(
        Edit(
            Y,
            "if self.training:\n"
            "    used = xhat\n"
            "else:\n"
            "    steps = 0\n"
            "    used = (x - mean / (1 - (1 - self.momentum) ** steps)) * inv_std\n"
            "y = self.gamma * used + self.beta",
        )
    ),
}
