"""Single outputs: which there are, which an entry speaks of, which failed in a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from conformance.cases import golden
from conformance.errors import RecordError
from conformance.verdict import record_file
from conformance.verdict.known.applying import FAILING
from conformance.verdict.known.expectations import KnownFailure
from conformance.verdict.known.ranges import public_part
from conformance.verdict.record import RunRecord, Status, came_out, version
from conformance.verdict.ruler import due_names

Triple: TypeAlias = tuple[str, str, str]
"""One output: a path, a case and the name of the output."""

_FAILED = FAILING | {Status.EXPECTED_FAIL}
_PASSED = frozenset({Status.PASS, Status.DEGRADED, Status.UNEXPECTED_PASS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What run records say about an adapter.

    Attributes:
        version: Version of the framework, without what follows a plus.
        paths: The paths that have a record.
        failed: The outputs that failed, expected or not; what is flaky as it came out this time.
        passed: Those that did not.
        traits: What the framework does on the machine, as far as the records tell.
    """

    version: str
    paths: tuple[str, ...]
    failed: frozenset[Triple]
    passed: frozenset[Triple]
    traits: Mapping[str, bool] = field(default_factory=dict)


def seen(name: str, folder: Path) -> Reported:
    """Read the run records of an adapter.

    Args:
        name: Its name.
        folder: The folder of records that ``conformance run`` writes.

    Raises:
        RecordError: there are none, one is damaged, or they are of several versions or machines.
    """
    files = sorted((folder / name).glob("*.json"))
    records = [record_file.read(file) for file in files]
    if not records:
        raise RecordError(
            f"{folder / name} holds no run record, one per path was wanted. "
            f"Write them with: conformance run {name} --records {folder}"
        )
    for file, record in zip(files, records, strict=True):
        record_file.require_whole(record, file)
    versions = sorted({public_part(version(r)) for r in records})
    if len(versions) > 1:
        raise RecordError(
            f"the records in {folder / name} are of versions {', '.join(versions)}, one version "
            f"was wanted. Write them anew with: conformance run {name} --records {folder}"
        )
    return Reported(
        version=versions[0],
        paths=tuple(r.path for r in records),
        failed=_with_status(records, _FAILED, came=False),
        passed=_with_status(records, _PASSED, came=True),
        traits=_traits(records, folder / name),
    )


def _traits(records: Iterable[RunRecord], folder: Path) -> dict[str, bool]:
    """The traits that records tell.

    Raises:
        RecordError: they tell of several machines.
    """
    told = {r.environment["traits"] for r in records if r.environment.get("traits")}
    if len(told) > 1:
        raise RecordError(
            f"the records in {folder} are of machines with {', and with '.join(sorted(told))}, one "
            f"machine was wanted. Write them anew with: conformance run {folder.name}"
        )
    words = [word for text in told for word in text.split("; ")]
    return {word.removeprefix("no "): not word.startswith("no ") for word in words}


def due_outputs() -> dict[str, tuple[str, ...]]:
    """Every case of the catalogue with the outputs that some path owes in it."""
    return {name: tuple(due_names(e.due)) for name, e in golden.manifest().entries.items()}


def spoken_of(
    entry: KnownFailure, paths: Iterable[str], due: Mapping[str, Iterable[str]]
) -> frozenset[Triple]:
    """The outputs that an entry matches, among all paths and all cases."""
    return frozenset(
        (path, case, output)
        for path in paths
        for case, outputs in due.items()
        for output in outputs
        if entry.matches(path, case, output)
    )


def _with_status(
    records: Iterable[RunRecord], wanted: frozenset[Status], *, came: bool
) -> frozenset[Triple]:
    """Outputs of some statuses, and those that are flaky and came out right, or did not."""
    return frozenset(
        (done.path, case.case, name)
        for done in records
        for case in done.cases
        for name, result in case.outputs.items()
        if result.status in wanted or (result.status is Status.FLAKY and came_out(result) is came)
    )
