"""Conformance tests for batch normalization: exact expected values, derived bounds.

`expected` gives the exact answers for any inputs; `load` gives the cases of the golden files;
the command ``conformance`` and the pytest suite hold implementations against them.
"""

from conformance._version import __version__
from conformance.case import Case, Dialect, Inputs, Outputs
from conformance.errors import ConformanceError
from conformance.golden import load_matching as load
from conformance.oracle import expected

__all__ = [
    "Case",
    "ConformanceError",
    "Dialect",
    "Inputs",
    "Outputs",
    "__version__",
    "expected",
    "load",
]
