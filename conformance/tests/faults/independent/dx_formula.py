"""Faults in the training gradient by x; y, dgamma, dbeta and the statistics are right."""

from __future__ import annotations

from conformance.case import Kernel
from conformance.tests.faults.independent.edit import TRAINING_DX, Edit, edited
from conformance.tests.faults.independent.forward_formula import INV_STD

DVAR = "dvar = -0.5 * self.total(dxhat * xhat) * inv_std**2"
DMU = "dmu = -self.total(dxhat * inv_std) + dvar * self.total(-2 * xmu) / self.M"
DXHAT = "dxhat = dy * self.gamma"

_SIGMA_PLUS_EPS = Edit(INV_STD, "inv_std = 1 / (np.sqrt(var) + self.eps)")

KERNELS: dict[str, Kernel] = {
    "dx-missing-gamma": edited(Edit(DXHAT, "dxhat = dy if self.training else dy * self.gamma")),
    "dx-reductions-miss-gamma": edited(
        Edit(DVAR, "dvar = -0.5 * self.total(dy * xhat) * inv_std**2"),
        Edit(DMU, "dmu = -self.total(dy * inv_std) + dvar * self.total(-2 * xmu) / self.M"),
    ),
    "dx-local-term-misses-gamma": edited(
        Edit(TRAINING_DX, "dx = dy * inv_std + dvar * 2 * xmu / self.M + dmu / self.M")
    ),
    "dx-stats-constant": edited(Edit(TRAINING_DX, "dx = dy * self.gamma * inv_std")),
    "dx-missing-mean-term": edited(
        Edit(TRAINING_DX, "dx = dxhat * inv_std + dvar * 2 * xmu / self.M")
    ),
    "dx-missing-var-term": edited(Edit(DVAR, "dvar = np.zeros_like(inv_std)")),
    "dx-divides-by-batch": edited(
        Edit(
            TRAINING_DX,
            "N = self.work.type(dy.shape[self.axes[0]])\n"
            "dx = dxhat * inv_std + dvar * 2 * xmu / N + dmu / N",
        )
    ),
    "dx-dmu-unsummed": edited(
        Edit(DMU, "dmu = -self.total(dxhat * inv_std) + dvar * (-2 * xmu) / self.M")
    ),
    "dvar-missing-half": edited(Edit(DVAR, "dvar = -self.total(dxhat * xhat) * inv_std**2")),
    "dvar-exponent-half": edited(Edit(DVAR, "dvar = -0.5 * self.total(dxhat * xmu) * inv_std")),
    "dx-scale-line-lost": edited(
        Edit(
            TRAINING_DX, "dx = dy - self.total(dy) / self.M - xhat * self.total(dy * xhat) / self.M"
        )
    ),
    "dx-sqrt-of-std-plus-eps": edited(
        _SIGMA_PLUS_EPS,
        Edit(
            TRAINING_DX,
            "std = np.sqrt(self.var)\n"
            "along = xmu * (self.total(dy * xmu) / self.M) / (std * (std + self.eps))\n"
            "along = np.where(std == 0, np.zeros_like(std), along)\n"
            "dx = self.gamma / np.sqrt(std + self.eps) * (dy - self.total(dy) / self.M - along)",
        ),
    ),
    "mean-not-in-backward-centre": edited(
        Edit(TRAINING_DX, "dx = dxhat * inv_std + dvar * 2 * self.x / self.M + dmu / self.M")
    ),
    "dx-projection-uses-y": edited(
        Edit(DVAR, "along = self.gamma * inv_std * self.y * self.total(dy * self.y)"),
        Edit(DMU, "dmu = -self.total(dxhat * inv_std)"),
        Edit(TRAINING_DX, "dx = dxhat * inv_std - along / self.M + dmu / self.M"),
    ),
}
