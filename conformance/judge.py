"""Outputs against expected values: a grade, the largest error, and the element that has it.

Grades (E is the largest error in units of `conformance.oracle.bounds`, M the values per channel):

A   E <= 16 (or the case's own limit): as accurate as the inputs deserve;
B   E <= 16 + M / 8: the error of adding M terms one after the other, nothing worse;
C   within the class of the single-pass variance, while that class keeps half of the variance:
    reported as degraded;
F   anything else: NaN where a number is due, a wrong shape, a wrong type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import ml_dtypes
import numpy as np
import numpy.typing as npt

from conformance.case import OUTPUT_NAMES, Actual, Array, Case, Dialect, Outputs
from conformance.errors import AdapterError
from conformance.oracle.bounds import is_gradable, scales, units
from conformance.oracle.expected import solve_inputs
from conformance.record import OutputResult, Status, Worst

_STATISTICS = frozenset({"mean", "var", "inv_std", "running_mean", "running_var"})
"""May be kept in a wider type than the parameters: nothing is lost by that."""

_LIKE_X = frozenset({"y", "dx"})
_STATUS = {"A": Status.PASS, "B": Status.PASS, "C": Status.DEGRADED, "F": Status.FAIL}
_SEQUENTIAL = 8
"""Error units that sequential summation may add: one per this many terms."""


def due(case: Case, dialect: Dialect) -> dict[str, Array]:
    """The outputs that a path of this dialect owes, by output name, with the exact values."""
    return _named(_in_dialect(case, dialect), dialect)


def _named(answers: Outputs, dialect: Dialect) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for name in OUTPUT_NAMES:
        biased = name == "running_var" and dialect.running_var == "biased"
        value = getattr(answers, "running_var_biased" if biased else name)
        if value is not None:
            found[name] = value
    return found


def judge(case: Case, dialect: Dialect, actual: Actual) -> dict[str, OutputResult]:
    """Judge what a path returned for a case.

    Args:
        case: The inputs and the exact answers.
        dialect: The path's conventions; they decide which answers are meant.
        actual: Output names to arrays in the layout of the inputs.

    Returns:
        A result for every output that is due; one that was left out is unsupported.

    Raises:
        AdapterError: `actual` holds a name that is no output, or what is no array.
    """
    _check_names(actual)
    answers = _in_dialect(case, dialect)
    wanted = _named(answers, dialect)
    outside = dialect.eps == "outside"
    fine = scales(case.inputs, answers, eps_outside=outside)
    coarse = scales(case.inputs, answers, eps_outside=outside, single_pass=True)
    results = {}
    for name, expected in wanted.items():
        if name not in actual:
            results[name] = OutputResult(status=Status.UNSUPPORTED, reason="not returned")
            continue
        misfit = _misfit(case, name, actual[name], expected)
        if misfit is not None:
            results[name] = OutputResult(status=Status.FAIL, grade="F", reason=misfit)
            continue
        unit = units(case.inputs, expected, getattr(fine, name), actual[name].dtype)
        loose = units(case.inputs, expected, getattr(coarse, name), actual[name].dtype)
        results[name] = _compare(case, np.asarray(actual[name]), expected, unit, loose)
    return results


def _in_dialect(case: Case, dialect: Dialect) -> Outputs:
    if dialect.eps == "inside":
        return case.expected
    answers = solve_inputs(case.inputs, eps_outside=True)
    if not is_gradable(case.inputs, eps_outside=True):
        answers = replace(answers, y=None, dx=None, dgamma=None, inv_std=None)
    dropped = {name: None for name in ("dgamma", "dbeta") if getattr(case.expected, name) is None}
    return replace(answers, **dropped)


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


def _misfit(case: Case, name: str, actual: Array, expected: Array) -> str | None:
    """What is wrong with shape or type, before any arithmetic; nothing is broadcast."""
    if actual.shape != expected.shape:
        return f"{name} has shape {actual.shape}, expected {expected.shape}"
    inputs = case.inputs
    want = inputs.x.dtype if name in _LIKE_X else inputs.parameter_dtype
    kept_wider = name in _STATISTICS and str(actual.dtype) in {"float32", "float64"}
    if actual.dtype != want and not kept_wider:
        return f"{name} has type {actual.dtype}, expected {want}"
    return None


def _compare(case: Case, actual: Array, expected: Array, unit: Array, loose: Array) -> OutputResult:
    if expected.size == 0:
        return OutputResult(status=Status.PASS, grade="A", units=0.0)
    wide = np.asarray(actual, dtype=np.float64)
    limit = case.problem.limit
    sequential = limit + case.inputs.count / _SEQUENTIAL
    settled = _settled(wide, expected, limit * unit, actual.dtype)
    with np.errstate(all="ignore"):
        distance = np.where(settled, 0.0, np.abs(wide - expected))
        error = np.where(settled, 0.0, distance / unit)
        in_class = settled | (np.isfinite(loose) & (distance <= sequential * loose))
    # Without a finite unit there is no bound: what is not settled is out.
    error = np.where(settled | np.isfinite(distance + unit), error, np.inf)
    at = np.unravel_index(int(np.argmax(error)), expected.shape)
    E = float(error[at])
    grade = _grade(E, limit, sequential, in_class=bool(in_class.all()))
    worst = Worst(
        index=tuple(int(i) for i in at),
        actual=float(wide[at]),
        expected=float(expected[at]),
        bound=float(limit * unit[at]),
    )
    finite = bool(np.isfinite(E))
    return OutputResult(
        status=_STATUS[grade],
        grade=grade,
        units=E if finite else None,
        worst=worst,
        reason=None if grade in "AB" else _explain(grade, error, limit, worst),
    )


def _settled(
    actual: Array, expected: Array, bound: Array, dtype: np.dtype[np.generic]
) -> npt.NDArray[np.bool_]:
    """Elements that agree without arithmetic: NaN with NaN, infinity with infinity.

    An exact infinity may come back as NaN, since Welford's update subtracts it from itself.  A
    finite value that lies within its bound of the type's overflow may come back as infinity.
    """
    info = ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]  # not annotated upstream
    overflow = float(info.max) * (1 + float(info.eps) / 4)
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    undone = np.isinf(expected) & np.isnan(actual)
    with np.errstate(all="ignore"):
        reaches = np.abs(expected) + np.nan_to_num(bound) >= overflow
    overflowed = np.isinf(actual) & reaches & (np.sign(actual) == np.sign(expected))
    return np.asarray(same | undone | overflowed, dtype=np.bool_)


def _grade(error: float, limit: float, sequential: float, *, in_class: bool) -> str:
    if error <= limit:
        return "A"
    if error <= sequential:
        return "B"
    return "C" if in_class else "F"


def _explain(grade: str, error: Array, limit: float, worst: Worst) -> str:
    beyond = int((error > limit).sum())
    where = list(worst.index)
    text = f"{worst.actual!r} at {where}, expected {worst.expected!r}"
    if np.isfinite(worst.actual) and np.isfinite(worst.expected):
        off = abs(worst.actual - worst.expected)
        text += f": off by {off:.3g}, bound {worst.bound:.3g}"
    text += f" ({beyond} of {error.size} elements out)"
    return f"{text}; as lossy as E[x^2] - mean^2" if grade == "C" else text


def spread(status: Status, reason: str, names: Iterable[str]) -> dict[str, OutputResult]:
    """The same status and reason for every output that is due."""
    return {name: OutputResult(status=status, reason=reason) for name in names}
