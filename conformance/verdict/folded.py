"""Grades beyond A of a deployed block: what storing and folding in a half type may lose.

B   |error| <= 16 units + what storing intermediate results in the type of x loses;
C   the same + what folded weights that are stored in that type lose: reported as degraded.

Both are `conformance.oracle.blocks.bounds`; where x has the type of the arithmetic they are A.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from conformance.case import Case
from conformance.oracle.blocks.bounds import BlockScales, block_scales
from conformance.oracle.rounding import Floats
from conformance.verdict.lossier import Units


class Folded:
    """The classes below A on one case of a block."""

    lossy_as = "weights that were folded in the type of x"

    def __init__(self, case: Case, units: Units) -> None:
        """Nothing is computed yet."""
        self._case, self._units = case, units

    @cached_property
    def _scales(self) -> BlockScales:
        return block_scales(self._case.inputs)

    def grade(self, name: str, dtype: np.dtype[Any], errors: Floats) -> str:
        """B, C or F for an output that missed A; arguments as of `Lossier.grade`."""
        if not np.isfinite(errors).all():
            return "F"
        unit = self._units(name, dtype, single_pass=False)
        beyond = np.maximum(errors - self._case.problem.limit, 0) * unit
        if bool((beyond <= self._scales.stored).all()):
            return "B"
        return "C" if bool((beyond <= self._scales.stored + self._scales.folded).all()) else "F"
