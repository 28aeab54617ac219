"""One output beside its exact values: the error of every element, in its unit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from conformance.case import Array
from conformance.float_types import finfo
from conformance.verdict.record import Worst

Floats = npt.NDArray[np.float64]


class Yardstick:
    """Exact values and error units of one output in one type; prepared once, used often.

    Attributes:
        unit: One error unit per element.
    """

    def __init__(self, expected: Array, unit: Floats, limit: float, dtype: np.dtype[Any]) -> None:
        """Prepare it.

        Args:
            expected: Exact values, float64.
            unit: Error units, of that shape.
            limit: Units that grade A may spend.
            dtype: Type of what is measured.
        """
        self.unit, self._expected, self._limit = unit, expected, limit
        info = finfo(dtype)
        overflow = float(info.max) * (1 + float(info.eps) / 4)
        with np.errstate(all="ignore"):
            self._reaches = np.abs(expected) + np.nan_to_num(limit * unit) >= overflow
        finite = np.isfinite(expected) & np.isfinite(unit) & (unit > 0)
        self._plain = bool((finite & ~self._reaches).all())
        """Whether every expected value is a number with a bound, and away from overflow."""

    def measure(self, actual: Array) -> tuple[Floats, Worst]:
        """Error of every element in its unit, and the element that is furthest out."""
        wide = np.asarray(actual, dtype=np.float64)
        with np.errstate(all="ignore"):
            distance = np.abs(wide - self._expected)
            error = distance / self.unit
        if not (self._plain and np.isfinite(distance).all()):
            settled = self._settled(wide)
            # Without a finite unit there is no bound: what is not settled is out.
            known = np.where(np.isfinite(distance) & np.isfinite(self.unit), error, np.inf)
            error = np.where(settled, 0.0, known)
        at = np.unravel_index(int(np.argmax(error)), error.shape)
        worst = Worst(
            index=tuple(int(i) for i in at),
            actual=float(wide[at]),
            expected=float(self._expected[at]),
            bound=float(self._limit * self.unit[at]),
        )
        return error, worst

    def _settled(self, actual: Floats) -> npt.NDArray[np.bool_]:
        """Elements that agree without arithmetic: NaN with NaN, infinity with infinity.

        An exact infinity may come back as NaN, since Welford's update subtracts it from itself.
        A finite value that lies within its bound of the type's overflow may come back infinite.
        """
        expected = self._expected
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        undone = np.isinf(expected) & np.isnan(actual)
        overflowed = np.isinf(actual) & self._reaches & (np.sign(actual) == np.sign(expected))
        return np.asarray(same | undone | overflowed, dtype=np.bool_)
