"""What faults produce on cases, prepared once for every kernel of a dialect that is held to it."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.case import Case, Dialect
from conformance.faults.fault import Fault
from conformance.faults.match import Prediction
from conformance.verdict.ruler import Ruler


class Predictions:
    """Rulers and predictions of one dialect, made when they are first asked for."""

    def __init__(self, dialect: Dialect) -> None:
        """Nothing is predicted yet.

        Args:
            dialect: The conventions of the kernels that are compared.
        """
        self._dialect = dialect
        self._rulers: dict[str, tuple[Case, Ruler]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], Prediction] = {}

    def of(self, faults: Sequence[Fault], case: Case) -> Prediction:
        """What faults that act on a case would have produced on it: one of them, or none."""
        ruler = self.ruler(case)
        key = (case.id, tuple(fault.id for fault in faults))
        if key not in self._found:
            self._found[key] = Prediction(faults, case, ruler, self._dialect)
        return self._found[key]

    def ruler(self, case: Case) -> Ruler:
        """What a kernel is held to on a case; of another case of the same name, anew."""
        known = self._rulers.get(case.id)
        if known is None or known[0] is not case:
            self._found = {key: p for key, p in self._found.items() if key[0] != case.id}
            known = self._rulers[case.id] = (case, Ruler(case, self._dialect))
        return known[1]
