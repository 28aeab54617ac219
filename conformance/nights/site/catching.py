"""Which case shows which fault, as ``conformance power`` measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.documents import read_json
from conformance.errors import RecordError

_SCHEMA = "conformance/power/1"


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
    try:
        told = read_json(file)
        if told["schema"] != _SCHEMA:
            raise ValueError(f"schema {told['schema']!r}")  # noqa: TRY301 - said below
        names = told["cases"]
        cases_of = {
            fault: _rejecting(facts["letters"], names) for fault, facts in told["faults"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RecordError(
            f"{file} does not tell what catches what: {error!r}. A power.json was wanted; "
            "write it with: conformance power --out DIR"
        ) from error
    faults_of: dict[str, list[str]] = {}
    for fault, cases in cases_of.items():
        for case in cases:
            faults_of.setdefault(case, []).append(fault)
    return Catching(cases_of=cases_of, faults_of={case: tuple(f) for case, f in faults_of.items()})


def _rejecting(letters: Mapping[str, str], names: list[str]) -> tuple[str, ...]:
    return tuple(
        name
        for place, name in enumerate(names)
        if any(row[place] == "F" for row in letters.values())
    )
