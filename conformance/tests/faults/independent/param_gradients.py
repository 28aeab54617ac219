"""Faults in dgamma and dbeta, in both modes; dx is right."""

from __future__ import annotations

from conformance.case import Kernel
from conformance.tests.faults.independent.edit import Edit, edited
from conformance.tests.faults.independent.forward_formula import DGAMMA

RETURNED = 'return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}'

KERNELS: dict[str, Kernel] = {
    "dgamma-uses-x": edited(Edit(DGAMMA, "dgamma = self.total(dy * self.x)")),
    "dgamma-uses-y": edited(Edit(DGAMMA, "dgamma = self.total(dy * self.y)")),
    "dgamma-missing-invstd": edited(Edit(DGAMMA, "dgamma = self.total(dy * xmu)")),
    "dgamma-separable": edited(Edit(DGAMMA, "dgamma = self.total(xhat) * self.total(dy)")),
    "param-grads-averaged": edited(
        Edit(RETURNED, 'return {"dx": dx, "dgamma": dgamma / self.M, "dbeta": dbeta / self.M}')
    ),
    "param-grads-averaged-over-batch": edited(
        Edit(
            RETURNED,
            "N = self.work.type(dy.shape[self.axes[0]])\n"
            'return {"dx": dx, "dgamma": dgamma / N, "dbeta": dbeta / N}',
        )
    ),
    "dgamma-dbeta-swapped": edited(
        Edit(RETURNED, 'return {"dx": dx, "dgamma": dbeta, "dbeta": dgamma}')
    ),
}
