"""Faults in y = gamma * (x - mean) * inv_std + beta, the place of eps included."""

from __future__ import annotations

from conformance.case import Kernel
from conformance.tests.faults.independent.edit import Edit, edited

INV_STD = "inv_std = 1 / np.sqrt(var + self.eps)"
Y = "y = self.gamma * xhat + self.beta"
DGAMMA = "dgamma = self.total(dy * xhat)"

KERNELS: dict[str, Kernel] = {
    "eval-missing-std": edited(
        Edit("xhat = xmu * inv_std", "xhat = xmu * inv_std if self.training else xmu")
    ),
    "beta-sign-flip": edited(Edit(Y, "y = self.gamma * xhat - self.beta")),
    "eps-outside-sqrt": edited(Edit(INV_STD, "inv_std = 1 / (np.sqrt(var) + self.eps)")),
    "eps-hardcoded": edited(Edit("self.eps = inputs.eps", "self.eps = 1e-5")),
    "eps-clamped-min": edited(
        Edit("self.eps = inputs.eps", "self.eps = max(inputs.eps, 1.001e-5)")
    ),
    "var-plus-eps-squared": edited(Edit(INV_STD, "inv_std = 1 / (var + self.eps) ** 2")),
    "inv-variance-not-invstd": edited(Edit(INV_STD, "inv_std = 1 / (var + self.eps)")),
    "unbiased-var-in-normalise": edited(
        Edit(
            INV_STD,
            "used = var * self.M / (self.M - 1) if self.training else var\n"
            "inv_std = 1 / np.sqrt(used + self.eps)",
        )
    ),
    "gamma-ignored": edited(
        Edit(Y, "y = xhat + self.beta"),
        Edit("dxhat = dy * self.gamma", "dxhat = dy"),
        Edit(DGAMMA, "dgamma = np.zeros(self.shape, self.work)"),
    ),
    "gamma-beta-swapped": edited(
        Edit("self.gamma = self.read(inputs.gamma, 1)", "self.beta = self.read(inputs.gamma, 1)"),
        Edit("self.beta = self.read(inputs.beta, 0)", "self.gamma = self.read(inputs.beta, 0)"),
    ),
    "eval-mean-not-subtracted": edited(
        Edit(
            Y,
            "scaled = xhat if self.training else x * inv_std\ny = self.gamma * scaled + self.beta",
        )
    ),
}
