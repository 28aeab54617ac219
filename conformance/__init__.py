"""Conformance tests for batch normalization: exact expected values, derived bounds.

`check` holds a kernel against the cases; `expected` gives the exact answers for any inputs; `load`
gives the cases of the golden files, and `generate` writes such files for problems of one's own.
The command ``conformance`` and the pytest suite do the same.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from conformance._version import __version__

if TYPE_CHECKING:
    from conformance.case import Case, Dialect, Inputs, Outputs
    from conformance.cases.golden import load_matching as load
    from conformance.cases.own.generate import generate
    from conformance.checking.check import check
    from conformance.checking.report import Report
    from conformance.errors import ConformanceError
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
    "generate",
    "load",
]

_HOMES = {
    "Case": ("conformance.case", "Case"),
    "ConformanceError": ("conformance.errors", "ConformanceError"),
    "Dialect": ("conformance.case", "Dialect"),
    "Inputs": ("conformance.case", "Inputs"),
    "Outputs": ("conformance.case", "Outputs"),
    "Report": ("conformance.checking.report", "Report"),
    "check": ("conformance.checking.check", "check"),
    "expected": ("conformance.oracle", "expected"),
    "generate": ("conformance.cases.own.generate", "generate"),
    "load": ("conformance.cases.golden", "load_matching"),
}
"""Names and where they live; each is loaded when it is first used.

pytest imports this file in every project that has the package installed, and the command line
before it can catch Ctrl-C: neither may wait for numpy.
"""

if not TYPE_CHECKING:  # a type checker that saw this function would take any name for a public one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _HOMES[name]
        value = globals()[name] = getattr(importlib.import_module(module), attribute)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
