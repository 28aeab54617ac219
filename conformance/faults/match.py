"""Whether what came back is what a fault would have produced."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from conformance.batches import through_earlier
from conformance.case import LIMIT, Actual, Array, Case, Dialect
from conformance.faults.fault import Fault
from conformance.faults.sheet import Edits, kernel
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


class _Way:
    """One way for a fault to come out on one case."""

    def __init__(self, edits: Edits, case: Case) -> None:
        self._edits, self._case = edits, case

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

    def _run(self, edits: Edits, *, wide: bool = False) -> Actual:
        return through_earlier(kernel(edits, wide=wide), laid_out(self._case.inputs))


class Prediction:
    """What a fault would have produced on one case."""

    def __init__(self, fault: Fault, case: Case, ruler: Ruler, dialect: Dialect) -> None:
        """Prepare the fault in every way that it can come out.

        Args:
            fault: The fault.
            case: The case.
            ruler: What the kernel that is compared is held to on this case.
            dialect: The conventions of that kernel.
        """
        self._case, self._ruler = case, ruler
        ways = fault.ways(case.inputs, dialect) if fault.exists_for(case.inputs) else []
        repeated = fault.lots is not None and bool(case.inputs.earlier)
        self.too_many = repeated or len(ways) > _MOST_WAYS
        """Whether it can come out in too many ways to look at them all."""
        self._deviations: dict[str, bool] = {}
        self._ways = [] if self.too_many else [_Way(way, case) for way in ways]

    def deviates(self, name: str) -> bool:
        """Whether the fault makes this output wrong, come out as it may."""
        if not self._ways or name not in self._ways[0].rounded or name not in self._ruler.due:
            return False
        if name not in self._deviations:
            verdicts = (self._ruler.judge({name: way.rounded[name]})[name] for way in self._ways)
            self._deviations[name] = any(verdict.grade == "F" for verdict in verdicts)
        return self._deviations[name]

    def agrees(self, name: str, actual: Array) -> bool:
        """Whether an output is what the fault produces: in each channel in one of its ways."""
        ways = [way for way in self._ways if self._alike(name, way.rounded.get(name), actual)]
        agreed: _Bools | None = None
        for way in ways:
            near = self._near(name, actual, way)
            agreed = near if agreed is None else agreed | near
            if agreed.all():
                return True
        return False

    def _alike(self, name: str, predicted: Array | None, actual: Array) -> bool:
        """Whether shape and type are right in both, or wrong in both in the same way."""
        if predicted is None or name not in self._ruler.due:
            return False
        if self._ruler.misfit(name, actual) is None:
            return self._ruler.misfit(name, predicted) is None
        return predicted.shape == actual.shape and predicted.dtype == actual.dtype

    def _near(self, name: str, actual: Array, way: _Way) -> _Bools:
        """Channels that are within the error that the fault's own formula may have."""
        unit = np.zeros(actual.shape)
        if actual.shape == self._ruler.due[name].shape:
            unit = self._ruler.unit(name, actual.dtype)
        noise = way.noise(name)[:, None]
        found = np.zeros(per_channel(unit, self._case).shape, np.bool_)
        got = per_channel(_wide(actual), self._case)
        for predicted in (way.exact[name], way.rounded[name]):
            value = per_channel(_wide(predicted), self._case)
            with np.errstate(all="ignore"):
                # An infinite prediction has no error, and leaves none to the rest of its channel.
                size = np.where(np.isinf(value), 0.0, np.abs(value))
                inner = roundoff(self._case.inputs) * size.max(axis=1, keepdims=True, initial=0.0)
                own = per_channel(unit, self._case) + _roundoff(actual) * size + inner + noise
                found |= np.abs(got - value) <= LIMIT * own
            # So near the end of the type, one kernel overflows on its way and another does not.
            beyond = ~(np.abs(value) < _NEAR_OVERFLOW * _largest(actual))
            found |= (got == value) | (~np.isfinite(got) & beyond)
        return np.asarray(found.all(axis=1), dtype=np.bool_)


def per_channel(values: Array, case: Case) -> Array:
    """Rows ``(C, M)`` of what has the shape of x, columns ``(C, 1)`` of anything else."""
    if values.shape == case.inputs.x.shape:
        return by_channel(values, case.inputs)
    return values.reshape(-1, 1)


def _wide(values: Array) -> _Floats:
    return np.asarray(values, dtype=np.float64)


def _roundoff(actual: Array) -> float:
    info = finfo(actual.dtype)
    return float(info.eps) / 2


def _largest(actual: Array) -> float:
    info = finfo(actual.dtype)
    return float(info.max)
