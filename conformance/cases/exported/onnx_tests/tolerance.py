"""What a runner that knows a relative and an absolute tolerance must be told."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.case import Array
from conformance.cases.exported.content import Exported
from conformance.cases.exported.onnx_tests.expressing import FIELDS
from conformance.float_types import FLOAT_TYPES
from conformance.oracle.stated import LOSS, UNIT
from conformance.type_names import name_of


def tolerance(exported: Exported, outputs: Mapping[str, Array]) -> dict[str, float]:
    """The tolerances of ``|actual - output| <= atol + rtol |output|`` that take every good answer.

    A good answer is one of grade A or B in every element.  One pair holds for all elements of all
    outputs, so it takes many answers that are wrong as well: the bounds are what to judge by.

    Args:
        exported: The case.
        outputs: What is compared, by the operator's names, in the types of the operator.
    """
    limit = exported.case.problem.limit
    # What every value deserves, relative to itself; what its terms deserve beyond is absolute.
    rtol = 2 * limit * max(FLOAT_TYPES[name_of(o.dtype)].roundoff for o in outputs.values())
    atol = 0.0
    for name, output in outputs.items():
        field = FIELDS[name]
        exact = getattr(exported.case.expected, field)
        unit = exported.bounds[UNIT + field].astype(np.float64)
        loss = exported.bounds.get(LOSS + field, np.zeros(()))
        with np.errstate(all="ignore"):
            wide = output.astype(np.float64)
            most = (limit + loss) * unit + np.abs(wide - exact) - rtol * np.abs(wide)
        atol = max(atol, float(np.max(most, initial=0.0, where=np.isfinite(most))))
    return {"rtol": _up(rtol), "atol": _up(atol)}


def _up(value: float) -> float:
    """The value in three digits, or a little more: runners compare in the type of the output."""
    return float(f"{value * 1.01:.3g}")
