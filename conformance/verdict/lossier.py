"""Grades beyond A: what a class of algorithms may lose, looked up only where A was missed.

B   |error| <= 16 units + what sums one after the other lose on these terms
    (`conformance.oracle.sequential`), while half of V = var + eps is left;
C   the same beyond that half, or with the units and the sums of the single-pass variance;
    for a variance itself only while the bound is at most half of it.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from conformance.arrays import LIKE_X
from conformance.case import Array, Case
from conformance.oracle.channels import by_channel, is_empty
from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.classes import SUMS, channels_at_once, cost
from conformance.oracle.sequential.losses import Losses


class Units(Protocol):
    """Error units of an output of a type, of its shape."""

    def __call__(self, name: str, dtype: np.dtype[Any], *, single_pass: bool) -> Array:
        """Those of the single-pass class where it is asked for."""


_VARIANCES = ("var", "running_var")


class Lossier:
    """The classes below A on one case in one dialect: found by channel, when asked, and kept."""

    lossy_as = "E[x^2] - mean^2"

    def __init__(self, case: Case, due: dict[str, Array], units: Units, *, outside: bool) -> None:
        """Nothing is computed yet.

        Args:
            case: What was asked.
            due: Exact values by output name.
            units: Error units.
            outside: The dialect ``(x - mean) / (sigma + eps)``.
        """
        self._case, self._due, self._units, self._outside = case, due, units, outside
        self._crude: dict[bool, dict[str, Floats]] = {}
        self._kept: dict[tuple[bool, int], tuple[dict[str, Floats], bool]] = {}

    def grade(self, name: str, dtype: np.dtype[Any], errors: Floats) -> str:
        """B, C or F for an output that missed A.

        Args:
            name: The output.
            dtype: Its type.
            errors: In units, of its shape; 0 where it is right without arithmetic.
        """
        if is_empty(self._case.inputs) or not np.isfinite(errors).all():
            return "F"  # of no values nothing is lost, and beyond all figures is beyond these
        beyond = self._rows(name, errors) > self._case.problem.limit
        (missed,) = np.nonzero(beyond.any(axis=1))
        unit = self._rows(name, self._units(name, dtype, single_pass=False))[missed]
        with np.errstate(all="ignore"):
            off = np.where(beyond[missed], self._rows(name, errors)[missed] * unit, 0.0)
        if self._is_out_of_reach(name, dtype, missed, off):
            return "F"
        of, valid = self._losses(name, missed, single_pass=False)
        # What is within A needs no bound, and has none where a value of its channel is infinite.
        within = (off == 0) | (off <= self._bound(name, dtype, missed, of, single_pass=False))
        if bool((within & valid).all()):
            return "B"
        return "C" if bool((within | self._degraded(name, dtype, missed, off)).all()) else "F"

    def _is_out_of_reach(
        self, name: str, dtype: np.dtype[Any], rows: npt.NDArray[np.intp], off: Floats
    ) -> bool:
        """Whether some element is further off than any class allows, by bounds that cost little."""
        bounds = []
        for single_pass in (False, True):
            of = self._at_most(single_pass=single_pass)[name][rows]
            bounds.append(self._bound(name, dtype, rows, of, single_pass=single_pass))
        return bool((off > np.fmax(*bounds)).any())

    def _at_most(self, *, single_pass: bool) -> dict[str, Floats]:
        if single_pass not in self._crude:
            channels = np.arange(int(np.prod(self._case.inputs.channel_shape)))
            found = self._found(channels, single_pass=single_pass, at_most=True).of
            self._crude[single_pass] = dict(found)
        return self._crude[single_pass]

    def _degraded(
        self, name: str, dtype: np.dtype[Any], rows: npt.NDArray[np.intp], off: Floats
    ) -> npt.NDArray[np.bool_]:
        of, valid = self._losses(name, rows, single_pass=True)
        bound = self._bound(name, dtype, rows, of, single_pass=True)
        if name in _VARIANCES:
            exact = np.abs(self._rows(name, self._due[name])[rows])
            valid = valid & (bound <= exact / 2)
        return np.asarray((off <= bound) & valid, dtype=np.bool_)

    def _bound(
        self,
        name: str,
        dtype: np.dtype[Any],
        rows: npt.NDArray[np.intp],
        of: Floats,
        *,
        single_pass: bool,
    ) -> Floats:
        unit = self._rows(name, self._units(name, dtype, single_pass=single_pass))[rows]
        return np.asarray(self._case.problem.limit * unit + of)

    def _losses(
        self, name: str, rows: npt.NDArray[np.intp], *, single_pass: bool
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """What an output may lose by the sums of a class, and whether the class holds there."""
        new = np.array([r for r in rows if (single_pass, int(r)) not in self._kept], np.intp)
        step = channels_at_once(self._case.inputs)
        for start in range(0, len(new), step):
            some = new[start : start + step]
            found = self._found(some, single_pass=single_pass, at_most=False)
            for at, row in enumerate(some.tolist()):
                of = {n: values[at] for n, values in found.of.items()}
                self._kept[single_pass, row] = of, bool(found.valid[at, 0])
        kept = [self._kept[single_pass, int(r)] for r in rows]
        valid = [[valid or name in SUMS] for _, valid in kept]
        return np.array([of[name] for of, _ in kept]), np.array(valid)

    def _found(self, rows: npt.NDArray[np.intp], *, single_pass: bool, at_most: bool) -> Losses:
        return cost(
            self._case.inputs,
            self._case.problem.limit,
            rows,
            single_pass=single_pass,
            at_most=at_most,
            eps_outside=self._outside,
        )

    def _rows(self, name: str, values: Array) -> Array:
        return by_channel(values, self._case.inputs) if name in LIKE_X else values.reshape(-1, 1)
