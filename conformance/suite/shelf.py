"""Cases one by one, as pytest asks for them: the files are read once for each group."""

from __future__ import annotations

from conformance.case import Case
from conformance.cases import golden


class Shelf:
    """The cases of the group that was asked for last."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._group = ""
        self._cases: dict[str, Case] = {}

    def case(self, case_id: str) -> Case:
        """A case of the golden files.

        Raises:
            GoldenFileError: a file is missing, damaged or foreign.
        """
        entries = golden.manifest().entries
        group = entries[case_id].group
        if group != self._group:
            ids = [entry.id for entry in entries.values() if entry.group == group]
            self._cases = {case.id: case for case in golden.load(ids)}
            self._group = group
        return self._cases[case_id]
