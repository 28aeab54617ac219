"""The kernels of reports get the names that are claimed, from what they do on the stored cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.adapter import Capabilities
from conformance.case import Actual, Inputs, Kernel
from conformance.float_types import NARROW
from conformance.tests.faults.reports import Report, reports
from conformance.tests.faults.trials import told

CALLED = {report.id: report for report in reports() if report.named and not report.needs}
"""Those that are called by a name, and take arrays of numpy."""


def kernel(report: Report) -> Kernel:
    """The kernel of a report, called as its signature wants it."""
    module: dict[str, Any] = {}
    exec(compile(report.kernel(), report.id, "exec"), module)  # noqa: S102 - a text of our own

    def run(inputs: Inputs) -> Actual:
        given = ("running_mean", "running_var", "eps", "momentum", "training", "axis")
        named = {name: getattr(inputs, name) for name in given}
        with np.errstate(all="ignore"):
            found = module[report.name](inputs.x, inputs.gamma, inputs.beta, inputs.dy, **named)
        return dict(found)

    return run


@pytest.mark.parametrize("report", CALLED)
def test_a_kernel_of_a_report_is_called_by_its_name(report: str) -> None:
    """The diagnosis names what is claimed of the kernel, and nothing else."""
    found = told(kernel(CALLED[report]), able=Capabilities(narrow=frozenset(NARROW)))
    names = {name for f in found if f.fault for name in (f.fault, *f.together)}
    assert names == {*CALLED[report].named}
