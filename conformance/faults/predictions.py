"""What faults produce on cases, prepared once for every kernel of a dialect that is held to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.case import Case, Dialect
from conformance.faults.fault import Fault
from conformance.faults.match import Prediction
from conformance.verdict.ruler import Ruler


class Predictions:
    """Predictions in one dialect, made when they are first asked for and kept."""

    def __init__(self, dialect: Dialect, rulers: Callable[[Case], Ruler] | None = None) -> None:
        """Nothing is predicted yet.

        Args:
            dialect: The conventions of the kernels that are compared.
            rulers: What a kernel of that dialect is held to on a case, where somebody has it.
        """
        self._dialect, self._known = dialect, rulers
        # By the case itself, which ruler and prediction keep: another may have the same name.
        self._rulers: dict[int, Ruler] = {}
        self._found: dict[tuple[int, tuple[str, ...]], Prediction] = {}

    def of(self, faults: Sequence[Fault], case: Case) -> Prediction:
        """What faults would have produced on a case, all of them at once."""
        key = (id(case), tuple(fault.id for fault in faults))
        if key not in self._found:
            self._found[key] = Prediction(faults, case, self.ruler(case), self._dialect)
        return self._found[key]

    def ruler(self, case: Case) -> Ruler:
        """What a kernel is held to on a case."""
        if self._known is not None:
            return self._known(case)
        if id(case) not in self._rulers:
            self._rulers[id(case)] = Ruler(case, self._dialect)
        return self._rulers[id(case)]
