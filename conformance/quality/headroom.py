"""Bits that an output loses against the best honest algorithm.

    bits = mean over the calls of 1/2 log2( (mean e^2 + 2^-10) / (mean e_ref^2 + 2^-10) )

with e in error units and e_ref that of a reference on the same calls: two passes with sums in
float64, all else in the arithmetic of the type, one rounding; for float64 Kahan's sums in 32 lanes.
2^-10 keeps the errors of outputs that are all but exact from counting.  The standard error is that
of the mean over the calls.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Kernel
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.oracle.rounding import Floats

_FLOOR = 2.0**-10

MARGIN = 0.3
"""Bits beyond the worst honest algorithm that was measured from which on it is told."""


def _row(*bits: float) -> dict[str, float]:
    return dict(zip(OUTPUT_NAMES, bits, strict=True))


MEASURED: Mapping[str, Mapping[str, float]] = {
    "float32": _row(1.2, 1.53, 1.93, 2.5, 2.06, 2.1, 1.03, 1.16, 0.92),
    "float64": _row(1.08, 1.34, 1.75, 2.97, 2.2, 2.14, 1.51, 1.28, 1.01),
    "float16": _row(0.01, 0.01, 0.01, 0, 2.27, 2.04, 1.03, 0, 0),
    "bfloat16": _row(0, 0, 0, 0, 2.48, 2.08, 0.99, 0, 0),
    "float16+float32": _row(0.01, 0.01, 1.54, 0.11, 2.45, 2.09, 0.9, 1.2, 0.73),
    "bfloat16+float32": _row(0, 0.01, 1.4, 0.03, 2.56, 2.22, 1.12, 1.09, 0.85),
}
"""Bits that the worst of the 26 honest algorithms lost, by types and output.

Measured with one seed and rounded up; there is no theory behind them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Bits that one output loses.

    Attributes:
        output: Its name.
        bits: Against the reference; may be below 0.
        error: Standard error of that.
        beyond: Whether that is more than any honest algorithm measured, by `MARGIN`.
    """

    output: str
    bits: float
    error: float
    beyond: bool


def reference(types: str) -> Kernel:
    """The algorithm that is lost against."""
    return kernel(PANEL["kahan" if types == "float64" else "wide-sums"].edits)


def lost(output: str, types: str, squares: Floats, by_reference: Floats) -> Lost:
    """Bits that an output loses.

    Args:
        output: Its name.
        types: As `conformance.case.Inputs.types` says them.
        squares: Mean squared error of every call, in units.
        by_reference: The same of the reference.
    """
    each = np.log2((squares + _FLOOR) / (by_reference + _FLOOR)) / 2
    bits, error = float(each.mean()), float(each.std()) / math.sqrt(len(each))
    most = MEASURED.get(types, {}).get(output)
    beyond = most is not None and bits - 2 * error > most + MARGIN
    return Lost(output=output, bits=bits, error=error, beyond=beyond)
