"""Every fault that numpy can express, once more and without a look at the fault dictionary.

The dictionary overrides formulas of a sheet; here the text of a plain kernel is edited line by
line, as a slip of the pen would.  Two that agree were not wrong in the same way by accident.
"""

from __future__ import annotations

from conformance.case import Dialect, Kernel
from conformance.tests.faults.independent import (
    axes,
    blocking,
    contract,
    dx_formula,
    forward_formula,
    mode_confusion,
    numerics,
    param_gradients,
    running_statistics,
)
from conformance.tests.faults.independent.plain import batch_norm

CORRECT: Kernel = batch_norm
"""The kernel whose text the others are made from."""

KERNELS: dict[str, Kernel] = {
    **forward_formula.KERNELS,
    **mode_confusion.KERNELS,
    **running_statistics.KERNELS,
    **dx_formula.KERNELS,
    **param_gradients.KERNELS,
    **numerics.KERNELS,
    **blocking.KERNELS,
    **axes.KERNELS,
    **contract.KERNELS,
}
"""From fault id to faulty kernel."""

DIALECTS: dict[str, Dialect] = {
    "bessel-nan-single-value": Dialect(running_var="biased"),
    "dx-sqrt-of-std-plus-eps": Dialect(eps="outside"),
}
"""What the kernels that do not speak the default dialect are to be judged by."""
