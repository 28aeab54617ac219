"""One output beside its exact values: the error of every element, in its unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from conformance.case import Array
from conformance.float_types import limits
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
        info = limits(dtype)
        self._overflow = info.largest * (1 + info.eps / 4)
        with np.errstate(all="ignore"):
            below = np.abs(expected) + limit * unit < self._overflow  # false for what is NaN
        self._plain = bool(below.all() and (unit > 0).all())
        """Whether every expected value is a number with a bound, and away from overflow."""

    def measure(self, actual: Array) -> tuple[Floats, Worst]:
        """Error of every element in its unit, and the element that is furthest out."""
        wide = np.asarray(actual, dtype=np.float64)
        with np.errstate(all="ignore"):
            distance = np.abs(wide - self._expected)
            error = distance / self.unit
        place = int(np.argmax(error))  # of the first NaN, where there is one
        if not (self._plain and math.isfinite(error.flat[place])):
            settled = self._settled(wide)
            # Without a finite unit there is no bound: what is not settled is out.
            known = np.where(np.isfinite(distance) & np.isfinite(self.unit), error, np.inf)
            error = np.where(settled, 0.0, known)
            place = int(np.argmax(error))
        at = np.unravel_index(place, error.shape)
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
        with np.errstate(all="ignore"):
            reaches = np.abs(expected) + np.nan_to_num(self._limit * self.unit) >= self._overflow
        overflowed = np.isinf(actual) & reaches & (np.sign(actual) == np.sign(expected))
        return np.asarray(same | undone | overflowed, dtype=np.bool_)
