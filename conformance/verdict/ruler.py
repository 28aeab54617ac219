"""Outputs against expected values: a grade, the largest error, and the element that has it.

Grades (E is the largest error in units of `conformance.oracle.bounds`):

A   E <= 16 (or the case's own limit): as accurate as the inputs deserve;
B   beyond that no more than adding terms one after the other loses on these very terms
    (`conformance.oracle.sequential`);
C   within the class of the single-pass variance, while that class keeps half of the variance:
    reported as degraded;
F   anything else: NaN where a number is due, a wrong shape, a wrong type.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from conformance.arrays import DUE_FIELD, OUTPUT_NAMES, STATISTICS
from conformance.case import Actual, Array, Case, Dialect, Outputs
from conformance.errors import AdapterError
from conformance.float_types import NARROW
from conformance.oracle.bounds import scales, units
from conformance.oracle.edges import Edges
from conformance.oracle.edges.call import Returned
from conformance.oracle.solve import owed
from conformance.verdict.folded import Folded
from conformance.verdict.lossier import Lossier
from conformance.verdict.record import OutputResult, Status, Worst
from conformance.verdict.yardstick import Yardstick

_WIDE = (np.dtype(np.float32), np.dtype(np.float64))
_STATUS = {"A": Status.PASS, "B": Status.PASS, "C": Status.DEGRADED, "F": Status.FAIL}


class Ruler:
    """What a path of one dialect is held to on one case: prepared once, used on many answers.

    Attributes:
        due: The exact values of the outputs that are owed, by output name.
        edges: The edges that the case poses.
        unbounded: Outputs that the case asks for and that have no bound in this dialect.
    """

    def __init__(self, case: Case, dialect: Dialect) -> None:
        """Choose the answers that this dialect means; the case's own where eps is inside."""
        self._case, self._outside = case, dialect.eps == "outside"
        self._answers = owed(case.inputs, eps_outside=True) if self._outside else case.expected
        self._biased = dialect.running_var == "biased"
        self.due = _named(self._answers, dialect)
        self.edges = Edges(case.inputs, self._answers, eps_outside=self._outside)
        self.unbounded = tuple(n for n in _named(case.expected, dialect) if n not in self.due)
        self._yardsticks: dict[tuple[str, np.dtype[Any], bool], Yardstick] = {}
        self._scaled: dict[bool, dict[str, Array]] = {}
        self._lossier: Lossier | Folded = (
            Folded(case, self._units)
            if case.inputs.block is not None
            else Lossier(case, self.due, self._units, outside=self._outside)
        )

    def judge(self, actual: Actual) -> dict[str, OutputResult]:
        """Judge what a path returned.

        Args:
            actual: Output names to arrays in the layout of the inputs.

        Returns:
            A result for every output that is due; one that was left out is unsupported.

        Raises:
            AdapterError: `actual` holds a name that is no output, or what is no array.
        """
        _check_names(actual)
        return {name: self._judged(name, actual.get(name)) for name in self.due}

    def _judged(self, name: str, actual: Array | None) -> OutputResult:
        if actual is None:
            return OutputResult(status=Status.UNSUPPORTED, reason="not returned")
        misfit = self.misfit(name, actual)
        if misfit is not None:
            return OutputResult(status=Status.FAIL, grade="F", reason=misfit)
        return self._compared(name, actual)

    def _compared(self, name: str, actual: Array) -> OutputResult:
        expected = self.due[name]
        if expected.size == 0:
            return OutputResult(status=Status.PASS, grade="A", units=0.0)
        yardstick, limit = self._yardstick(name, actual.dtype), self._case.problem.limit
        error, worst = yardstick.measure(actual)
        E = float(error[worst.index])
        grade = self._grade(name, actual.dtype, error)
        edges = self._to_blame(name, actual, error) if grade == "F" else ()
        return OutputResult(
            status=_STATUS[grade],
            grade=grade,
            units=E if np.isfinite(E) else None,
            worst=worst,
            reason=None if grade in "AB" else self._explain(grade, error, limit, worst),
            edges=edges,
        )

    def _explain(self, grade: str, error: Array, limit: float, worst: Worst) -> str:
        beyond = int((error > limit).sum())
        where = list(worst.index)
        text = f"{worst.actual!r} at {where}, expected {worst.expected!r}"
        if np.isfinite(worst.actual) and np.isfinite(worst.expected):
            off = abs(worst.actual - worst.expected)
            text += f": off by {off:.3g}, bound {worst.bound:.3g}"
        text += f" ({beyond} of {error.size} elements out)"
        return f"{text}; as lossy as {self._lossier.lossy_as}" if grade == "C" else text

    def _to_blame(self, name: str, actual: Array, error: Array) -> tuple[str, ...]:
        """The edges that explain all of what is wrong; none where a wrong value is left."""
        if not self.edges.posed:
            return ()
        limit, expected = self._case.problem.limit, self.due[name]
        back = Returned(
            name=name,
            field="running_var_biased" if name == "running_var" and self._biased else name,
            exact=expected,
            actual=np.asarray(actual, dtype=np.float64),
            bound=limit * self.unit(name, actual.dtype),
            dtype=actual.dtype,
        )
        explained = self.edges.explain(back)
        mended = actual.copy()
        for mask in explained.values():
            with np.errstate(all="ignore"):
                mended[mask] = expected[mask].astype(actual.dtype)
        if self._grade(name, actual.dtype, self.errors(name, mended)) == "F":
            return ()
        return tuple(edge for edge, mask in explained.items() if (mask & (error > limit)).any())

    def _grade(self, name: str, dtype: np.dtype[Any], error: Array) -> str:
        if bool((error <= self._case.problem.limit).all()):
            return "A"
        return self._lossier.grade(name, dtype, error)

    def misfit(self, name: str, actual: Array) -> str | None:
        """What is wrong with shape or type, before any arithmetic; nothing is broadcast."""
        expected, inputs = self.due[name], self._case.inputs
        if actual.shape != expected.shape:
            return f"{name} has shape {actual.shape}, expected {expected.shape}"
        want = inputs.dtype_of(name)
        # Nothing is lost by a gradient of a parameter in the type of x, where that is wider.
        promoted = inputs.types in NARROW and actual.dtype == inputs.x.dtype
        kept = name in STATISTICS and actual.dtype in _WIDE
        if actual.dtype != want and not promoted and not kept:
            return f"{name} has type {actual.dtype}, expected {want}"
        return None

    def unit(self, name: str, dtype: np.dtype[Any]) -> Array:
        """Error unit of every element of an output of a type."""
        return self._yardstick(name, dtype).unit

    def scale(self, name: str) -> Array:
        """S of every element of an output, as `conformance.oracle.bounds` derives it."""
        return self._scales(single_pass=False)[name]

    def errors(self, name: str, actual: Array) -> Array:
        """Error of every element of an output in its unit; 0 where it agrees without arithmetic."""
        error, _ = self._yardstick(name, actual.dtype).measure(actual)
        return error

    def _units(self, name: str, dtype: np.dtype[Any], *, single_pass: bool) -> Array:
        return self._yardstick(name, dtype, single_pass=single_pass).unit

    def _yardstick(
        self, name: str, dtype: np.dtype[Any], *, single_pass: bool = False
    ) -> Yardstick:
        key = (name, dtype, single_pass)
        if key not in self._yardsticks:
            scale, expected = self._scales(single_pass=single_pass)[name], self.due[name]
            unit = units(self._case.inputs, expected, scale, dtype)
            self._yardsticks[key] = Yardstick(expected, unit, self._case.problem.limit, dtype)
        return self._yardsticks[key]

    def _scales(self, *, single_pass: bool) -> dict[str, Array]:
        if single_pass not in self._scaled:
            self._scaled[single_pass] = scales(
                self._case.inputs,
                self._answers,
                eps_outside=self._outside,
                single_pass=single_pass,
            )
        return self._scaled[single_pass]


def due(case: Case, dialect: Dialect) -> dict[str, Array]:
    """The outputs that a path of this dialect owes, by output name, with the exact values."""
    return Ruler(case, dialect).due


def judge(case: Case, dialect: Dialect, actual: Actual) -> dict[str, OutputResult]:
    """Judge what a path of this dialect returned for a case; see `Ruler.judge`."""
    return Ruler(case, dialect).judge(actual)


def due_names(fields: Iterable[str], dialect: Dialect | None = None) -> list[str]:
    """Output names for the fields that the manifest names as due.

    Without a dialect both corrections of the running variance count.
    """
    unbiased = dialect is None or dialect.running_var != "biased"
    biased = dialect is None or dialect.running_var == "biased"
    kept = {"running_var": unbiased, "running_var_biased": biased}
    return list(dict.fromkeys(DUE_FIELD.get(f, f) for f in fields if kept.get(f, True)))


def _named(answers: Outputs, dialect: Dialect) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for name in OUTPUT_NAMES:
        biased = name == "running_var" and dialect.running_var == "biased"
        value = getattr(answers, "running_var_biased" if biased else name)
        if value is not None:
            found[name] = value
    return found


def _check_names(actual: Actual) -> None:
    for name, value in actual.items():
        if name not in OUTPUT_NAMES:
            raise AdapterError(
                f"an output is called {name!r}, expected one of {', '.join(OUTPUT_NAMES)}. "
                "Rename it in the path's run()."
            )
        if not isinstance(value, np.ndarray):
            raise AdapterError(
                f"output {name!r} is a {type(value).__name__}, expected a numpy array. "
                "Convert it in the path's run()."
            )


def spread(
    status: Status, reason: str, names: Iterable[str], *, edges: tuple[str, ...] = ()
) -> dict[str, OutputResult]:
    """The same status, reason and edges for every output that is due."""
    return {name: OutputResult(status=status, reason=reason, edges=edges) for name in names}
