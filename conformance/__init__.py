"""Conformance tests for batch normalization: exact expected values, derived bounds.

`check` holds a kernel against the cases; `expected` gives the exact answers for any inputs; `load`
gives the cases of the golden files.  The command ``conformance`` and the pytest suite do the same.
"""

from conformance._version import __version__
from conformance.case import Case, Dialect, Inputs, Outputs
from conformance.checking.check import check
from conformance.checking.report import Report
from conformance.errors import ConformanceError
from conformance.golden import load_matching as load
from conformance.oracle import expected

__all__ = [
    "Case",
    "ConformanceError",
    "Dialect",
    "Inputs",
    "Outputs",
    "Report",
    "__version__",
    "check",
    "expected",
    "load",
]
