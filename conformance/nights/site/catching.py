"""Which case shows which fault, as ``conformance power`` measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance import documents
from conformance.errors import RecordError


@dataclass(frozen=True, slots=True, kw_only=True)
class Catching:
    """What was measured.

    Attributes:
        cases_of: Faults to the cases that reject them, in the catalogue's order.
        faults_of: Cases to the faults that they reject.
    """

    cases_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read(file: Path) -> Catching:
    """Read what ``conformance power --out`` wrote.

    Raises:
        RecordError: the file is missing or malformed.
    """
    told = documents.read(file, "power")
    cases_of = {
        fault: _rejecting(facts["letters"], told["cases"], file)
        for fault, facts in told["faults"].items()
    }
    faults_of: dict[str, list[str]] = {}
    for fault, cases in cases_of.items():
        for case in cases:
            faults_of.setdefault(case, []).append(fault)
    return Catching(cases_of=cases_of, faults_of={case: tuple(f) for case, f in faults_of.items()})


def _rejecting(letters: Mapping[str, str], names: list[str], file: Path) -> tuple[str, ...]:
    for row in letters.values():
        if len(row) != len(names):
            raise RecordError(
                f"{file} has a row of {len(row)} letters for {len(names)} cases, one for each was "
                "wanted. Write it again with: conformance power --out DIR"
            )
    return tuple(
        name
        for place, name in enumerate(names)
        if any(row[place] == "F" for row in letters.values())
    )
