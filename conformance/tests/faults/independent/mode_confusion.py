"""Faults in which training mode and test mode are taken for one another."""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Inputs, Kernel
from conformance.tests.faults.independent.edit import CLOSED_DX, Edit, edited, where
from conformance.tests.faults.independent.forward_formula import Y

BACKWARD = "xmu, inv_std, xhat = self.xmu, self.inv_std, self.xhat"
TEST_DX = "dx = dxhat * inv_std"
BATCH_STATISTICS = (
    "batch_mean = self.total(x) / self.M\nbatch_var = self.total((x - batch_mean) ** 2) / self.M\n"
)


def _keeps_buffers(inputs: Inputs) -> bool:
    return inputs.running_mean is not None


def _by_pairs(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """`x` standardised in groups of two samples, each by its own statistics."""
    first = axes[0]
    groups = []
    for start in range(0, x.shape[first], 2):
        group = np.take(x, range(start, min(start + 2, x.shape[first])), axis=first)
        centred = group - group.mean(axis=axes, keepdims=True)
        var = (centred**2).mean(axis=axes, keepdims=True)
        groups.append(centred / np.sqrt(var + eps))
    return np.concatenate(groups, axis=first) if groups else x


KERNELS: dict[str, Kernel] = {
    "train-uses-running-stats": where(
        _keeps_buffers,
        edited(
            Edit(
                "self.update(mean, var)",
                "used_mean, used_var = self.running_mean, self.running_var\nself.update(mean, var)",
            ),
            Edit(
                Y,
                "if self.training:\n"
                "    used = (x - used_mean) * (1 / np.sqrt(used_var + self.eps))\n"
                "else:\n"
                "    used = xhat\n"
                "y = self.gamma * used + self.beta",
            ),
        ),
    ),
    "train-uses-blended-stats": where(
        _keeps_buffers,
        edited(
            Edit(
                Y,
                "root = np.sqrt(self.running_var + self.eps)\n"
                "blended = (x - self.running_mean) * (1 / root)\n"
                "y = self.gamma * (blended if self.training else xhat) + self.beta",
            )
        ),
    ),
    "eval-uses-batch-stats": edited(
        Edit(
            "mean, var = self.running_mean, self.running_var",
            BATCH_STATISTICS + "mean, var = batch_mean, batch_var",
        )
    ),
    "eval-dx-uses-train-formula": edited(
        Edit(
            TEST_DX,
            "dx = inv_std * (dxhat - self.total(dxhat) / self.M"
            " - xhat * self.total(dxhat * xhat) / self.M)",
        )
    ),
    "eval-bwd-uses-batch-stats": edited(
        Edit(
            BACKWARD,
            "x, inv_std, xhat, xmu = self.x, self.inv_std, self.xhat, self.xmu\n"
            "if not self.training:\n"
            "    xmu = x - self.total(x) / self.M\n"
            "    inv_std = 1 / np.sqrt(self.total(xmu**2) / self.M + self.eps)\n"
            "    xhat = xmu * inv_std",
        )
    ),
    "eval-dx-missing-invstd": edited(Edit(TEST_DX, "dx = dxhat")),
    "train-bwd-uses-running-stats": where(
        _keeps_buffers,
        edited(
            Edit(
                "self.update(mean, var)",
                "self.old_mean, self.old_var = self.running_mean, self.running_var\n"
                "self.update(mean, var)",
            ),
            Edit(
                BACKWARD,
                BACKWARD + "\n"
                "if self.training:\n"
                "    inv_std = 1 / np.sqrt(self.old_var + self.eps)\n"
                "    xmu = self.x - self.old_mean\n"
                "    xhat = xmu * inv_std",
            ),
            CLOSED_DX,
        ),
    ),
    "virtual-batch-in-eval": edited(
        Edit(
            Y,
            "used = xhat if self.training else by_pairs(x, self.axes, self.eps)\n"
            "y = self.gamma * used + self.beta",
        ),
        by_pairs=_by_pairs,
    ),
}
