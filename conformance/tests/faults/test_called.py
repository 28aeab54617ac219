"""The kernels of reports get the names that are claimed, from what they do on the stored cases."""

from __future__ import annotations

import pytest

from conformance.adapter import MASKS, Capabilities
from conformance.float_types import NARROW
from conformance.tests.faults.reports import reports
from conformance.tests.faults.trials import told
from conformance.tests.sampling import every

CALLED = {report.id: report for report in reports() if report.named and not report.needs}
"""Those that are called by a name, and take arrays of numpy."""


@pytest.mark.parametrize("report", every(5, CALLED))
def test_a_kernel_of_a_report_is_called_by_its_name(report: str) -> None:
    """The diagnosis names what is claimed of the kernel, and nothing else."""
    masks = MASKS if CALLED[report].takes_mask else frozenset[str]()
    able = Capabilities(narrow=frozenset(NARROW), masks=masks)
    found = told(CALLED[report].function(), able=able)
    names = {name for f in found if f.fault for name in (f.fault, *f.together)}
    assert names == {*CALLED[report].named}
