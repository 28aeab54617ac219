"""Whether what came back is what a fault would have produced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from conformance.arrays import RUNNING, STATISTICS
from conformance.batches import through_earlier
from conformance.case import LIMIT, Actual, Array, Case, Dialect
from conformance.faults.fault import Fault, ways
from conformance.faults.sheet import FORMULAS, Edits, Formula, Sheet, in_dialect, kernel
from conformance.float_types import finfo
from conformance.memory import laid_out
from conformance.oracle.arithmetic import roundoff
from conformance.oracle.channels import by_channel
from conformance.verdict.ruler import Ruler

_Bools = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.float64]
_MOST_WAYS = 40
_SINGLE_TO_DOUBLE = 2.0**-29
_NEAR_OVERFLOW = 2.0**-24
_ROUGH = 2.0**-4
"""Part of a channel's largest value that a glance does not tell apart."""

_STRAYS = 8.0
"""How many times those of the right answer terms are that leave another rounding."""

_SURELY = 1e-3
"""Part of a bound within which an output that is not rounded cannot be graded F."""

_SURELY_DOUBLE = 0.5
"""The same where float64 is due: what is called exact is rounded to it as well."""


class _Way:
    """One way for faults to come out on one case."""

    def __init__(self, edits: Edits, case: Case, names: frozenset[str]) -> None:
        self._edits, self._case = edits, case
        if "delivered" not in edits and "outputs" not in edits:
            wanted = names | frozenset(RUNNING if case.inputs.earlier else ())
            self._edits = {**edits, "outputs": _only(wanted)}

    @cached_property
    def rounded(self) -> Actual:
        """As a kernel computes it."""
        return self._run(self._edits)

    @cached_property
    def exact(self) -> Actual:
        """In float64, and not rounded."""
        return self._run(self._edits, wide=True)

    @cached_property
    def _rough(self) -> Actual:
        return self._run({**self._edits, "work": lambda _: np.float32})

    def noise(self, name: str) -> _Floats:
        """What rounding does to the fault's own formula: the largest effect in each channel."""
        with np.errstate(all="ignore"):
            lost = np.abs(_wide(self.exact[name]) - _wide(self._rough[name]))
        lost = np.nan_to_num(lost, posinf=0.0)
        part = _SINGLE_TO_DOUBLE if self._case.inputs.x.dtype == np.float64 else 1.0
        return np.asarray(per_channel(lost, self._case).max(axis=1, initial=0.0) * part)

    @cached_property
    def slopes(self) -> _Floats:
        """The largest |gamma dy inv_std| of each channel, a column: terms of dx may cancel."""
        sheet = Sheet(laid_out(self._case.inputs), self._edits, wide=True)
        with np.errstate(all="ignore"):
            terms = np.abs(sheet.back_inv_std * sheet.slope)
        finite = np.where(np.isfinite(terms), terms, 0.0)
        return np.asarray(finite.max(axis=1, keepdims=True, initial=0.0))

    def _run(self, edits: Edits, *, wide: bool = False) -> Actual:
        return through_earlier(kernel(edits, wide=wide), laid_out(self._case.inputs))


def _only(wanted: frozenset[str]) -> Formula:
    return lambda s: [name for name in FORMULAS["outputs"](s) if name in wanted]


class Prediction:
    """What faults would have produced on one case, all of them in one kernel."""

    def __init__(
        self, faults: Fault | Sequence[Fault], case: Case, ruler: Ruler, dialect: Dialect
    ) -> None:
        """Prepare the faults in every way that they can come out.

        Args:
            faults: The fault, or several.
            case: The case.
            ruler: What the kernel that is compared is held to on this case.
            dialect: The conventions of that kernel.
        """
        self._case, self._ruler, self._dialect = case, ruler, dialect
        given = (faults,) if isinstance(faults, Fault) else tuple(faults)
        self._faults = [fault for fault in given if fault.exists_for(case.inputs)]
        chances = [fault.lots(case.inputs) for fault in self._faults if fault.lots]
        repeated = bool(chances) and bool(case.inputs.earlier)
        found = [] if repeated or not self._faults else ways(self._faults, case.inputs, dialect)
        self.too_many = repeated or len(found) > _MOST_WAYS
        """Whether they can come out in too many ways to look at them all."""
        self._deviations: dict[str, bool] = {}
        self._agreements: dict[str, tuple[Array, bool]] = {}
        self._right: dict[str, bool] = {}
        names = frozenset(name for fault in self._faults for name in fault.touches)
        self._ways = [] if self.too_many else [_Way(way, case, names) for way in found]

    def deviates(self, name: str) -> bool:
        """Whether the faults make this output wrong, come out as they may."""
        if not self._ways or name not in self._ruler.due or not self._is_returned(name):
            return False
        if name not in self._deviations:
            self._deviations[name] = not self._is_right(name) and any(
                self._ruler.judge({name: way.rounded[name]})[name].grade == "F"
                for way in self._ways
            )
        return self._deviations[name]

    def moves(self, name: str) -> bool:
        """Whether the faults change this output by what rounding does not hide."""
        if not self._ways or name not in self._ruler.due or not self._is_returned(name):
            return False
        return not self._is_right(name)

    def agrees(self, name: str, actual: Array) -> bool:
        """Whether an output is what the faults produce: in each channel in one of their ways."""
        known = self._agreements.get(name)
        if known is None or known[0] is not actual:
            known = self._agreements[name] = (actual, self._agree(name, actual))
        return known[1]

    def _agree(self, name: str, actual: Array) -> bool:
        ways = [way for way in self._ways if self._alike(name, way.rounded.get(name), actual)]
        agreed: _Bools | None = None
        for way in ways:
            near = self._near(name, actual, way)
            agreed = near if agreed is None else agreed | near
            if agreed.all():
                return True
        return False

    def strays(self, name: str, actual: Array) -> bool:
        """Whether an output that the faults leave right fails by their rounding alone.

        They make terms of dx that cancel so much larger that rounding leaves more than the bound.
        """
        if name != "dx" or not self._ways or not self._is_returned(name):
            return False
        usual = _STRAYS * _Way(in_dialect(self._dialect, {}), self._case, frozenset()).slopes
        larger = any(
            way.slopes.shape == usual.shape and bool((way.slopes > usual).any())
            for way in self._ways
        )
        return larger and self.agrees(name, actual)

    def tells(self, name: str) -> bool:
        """Whether what the faults produce is told from other faults by its values or its places.

        It is not where all of it is 0, infinite or NaN, which many faults end in, nor where the
        right answer lies within the error that the faults' own formula may have.
        """
        if not self.deviates(name):
            return False
        way = self._ways[0]
        predicted = way.rounded[name]
        if self._ruler.misfit(name, predicted) is not None:
            return True
        value = per_channel(_wide(way.exact[name]), self._case)
        right = per_channel(_wide(self._ruler.due[name]), self._case)
        with np.errstate(all="ignore"):
            own = self._own(name, predicted, way, value)
            wrong = ~((np.abs(value - right) <= 2 * LIMIT * own) | (value == right))
        wrong &= ~(np.isnan(value) & np.isnan(right))
        values = wrong & np.isfinite(value) & (value != 0)
        return bool(values.any() or (wrong.any() and not wrong.all()))

    def roughly(self, name: str, actual: Array) -> bool:
        """Whether an output could be what the faults produce, at a glance: without rounding."""
        for way in self._ways:
            predicted = way.exact.get(name)
            if predicted is None or predicted.shape != actual.shape:
                continue
            value, got = (per_channel(_wide(v), self._case) for v in (predicted, actual))
            with np.errstate(all="ignore"):
                size = np.where(np.isfinite(value), np.abs(value), 0.0)
                near = np.abs(got - value) <= _ROUGH * size.max(axis=1, keepdims=True, initial=0.0)
            if bool((near | ~np.isfinite(value) | ~np.isfinite(got)).all()):
                return True
        return any("delivered" in fault.edits for fault in self._faults)

    def _is_returned(self, name: str) -> bool:
        return name in self._ways[0].exact

    def _is_right(self, name: str) -> bool:
        """Whether nothing of the output is off by a thousandth of its bound, in float64."""
        if name not in self._right:
            self._right[name] = self._surely_right(name)
        return self._right[name]

    def _surely_right(self, name: str) -> bool:
        if any("delivered" in fault.edits or fault.rounding for fault in self._faults):
            return False
        right, dtype = self._ruler.due[name], self._case.inputs.dtype_of(name)
        if name in STATISTICS:  # may come back in any wide type
            dtype = np.dtype(np.float64)
        with np.errstate(all="ignore"):
            unit = self._ruler.unit(name, dtype)
            part = _SURELY_DOUBLE if self._case.inputs.x.dtype == np.float64 else _SURELY
            near = np.where(np.isfinite(unit), part * LIMIT * unit, 0.0)
            for way in self._ways:
                value = _wide(way.exact[name])
                if value.shape != right.shape or not _within(value, right, near).all():
                    return False
        return True

    def _alike(self, name: str, predicted: Array | None, actual: Array) -> bool:
        """Whether shape and type are right in both, or wrong in both in the same way."""
        if predicted is None or name not in self._ruler.due:
            return False
        if self._ruler.misfit(name, actual) is None:
            return self._ruler.misfit(name, predicted) is None
        return predicted.shape == actual.shape and predicted.dtype == actual.dtype

    def _own(self, name: str, actual: Array, way: _Way, value: _Floats) -> _Floats:
        """One unit of the error that the faults' own formula may have at each element."""
        unit = np.zeros(actual.shape)
        if actual.shape == self._ruler.due[name].shape:
            # The right answer may be no number where that of the faults is one.
            unit = np.nan_to_num(self._ruler.unit(name, actual.dtype), nan=0.0, posinf=np.inf)
        # An infinite prediction has no error, and leaves none to the rest of its channel.
        size = np.where(np.isinf(value), 0.0, np.abs(value))
        largest = size.max(axis=1, keepdims=True, initial=0.0)
        if name == "dx" and way.slopes.shape == largest.shape:  # the channels are the same
            largest = np.maximum(largest, way.slopes)
        inner = roundoff(self._case.inputs) * largest
        noise = way.noise(name)[:, None]
        own = per_channel(unit, self._case) + _roundoff(actual) * size + inner + noise
        return np.asarray(own, dtype=np.float64)

    def _near(self, name: str, actual: Array, way: _Way) -> _Bools:
        """Channels that are within the error that the faults' own formula may have."""
        got = per_channel(_wide(actual), self._case)
        found = np.zeros(got.shape, np.bool_)
        for predicted in (way.exact[name], way.rounded[name]):
            value = per_channel(_wide(predicted), self._case)
            with np.errstate(all="ignore"):
                own = self._own(name, actual, way, value)
                found |= np.isfinite(value) & (np.abs(got - value) <= LIMIT * own)
            # So near the end of the type, one kernel overflows on its way and another does not.
            beyond = ~(np.abs(value) < _NEAR_OVERFLOW * _largest(actual))
            found |= (got == value) | (~np.isfinite(got) & beyond)
        return np.asarray(found.all(axis=1), dtype=np.bool_)


def per_channel(values: Array, case: Case) -> Array:
    """Rows ``(C, M)`` of what has the shape of x, columns ``(C, 1)`` of anything else."""
    if values.shape == case.inputs.x.shape:
        return by_channel(values, case.inputs)
    return values.reshape(-1, 1)


def _within(value: Array, right: Array, near: Array) -> Array:
    """Where two values are near, or the same infinity, or both NaN."""
    same = (value == right) | (np.isnan(value) & np.isnan(right))
    return np.asarray(same | (np.abs(value - right) <= near))


def _wide(values: Array) -> _Floats:
    return np.asarray(values, dtype=np.float64)


def _roundoff(actual: Array) -> float:
    info = finfo(actual.dtype)
    return float(info.eps) / 2


def _largest(actual: Array) -> float:
    info = finfo(actual.dtype)
    return float(info.max)
