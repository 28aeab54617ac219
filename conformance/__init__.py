"""Conformance tests for batch normalization: exact expected values, derived bounds.

`check` holds a kernel against the cases; `expected` gives the exact answers for any inputs; `load`
gives the cases of the golden files.  The command ``conformance`` and the pytest suite do the same.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from conformance._version import __version__
from conformance.case import Case, Dialect, Inputs, Outputs
from conformance.cases.golden import load_matching as load
from conformance.errors import ConformanceError
from conformance.oracle import expected

if TYPE_CHECKING:
    from conformance.checking.check import check
    from conformance.checking.report import Report

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

_LATER = {"check": "conformance.checking.check", "Report": "conformance.checking.report"}
"""Names that are loaded when they are first used: the catalogue and the faults come with them."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return value
