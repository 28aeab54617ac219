"""Single outputs: which there are, which an entry speaks of, which failed in a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from packaging.version import InvalidVersion, Version

from conformance.cases import deployed
from conformance.errors import RecordError
from conformance.printable import value
from conformance.verdict import record_file
from conformance.verdict.due import due_outputs
from conformance.verdict.known.applying import FAILING
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.ranges import public_part
from conformance.verdict.known.sizes import Sizes
from conformance.verdict.record import RunRecord, Status, came_out, version

Triple: TypeAlias = tuple[str, str, str]
"""One output: a path, a case and the name of the output."""

_NAMED = 3
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
        degraded: Those of them that are degraded.
        traits: What the framework does on the machine, as far as the records tell.
        packages: The versions of all packages of the adapter, by their names.
        ways: How what is known to fail fails; see `conformance.verdict.known.sizes`.
        changed: Those of them that fail otherwise than is recorded.
        aside: Records that cannot be used, each with the reason.
    """

    version: str
    paths: tuple[str, ...]
    failed: frozenset[Triple]
    passed: frozenset[Triple]
    degraded: frozenset[Triple] = frozenset()
    traits: Mapping[str, bool] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    ways: Sizes = field(default_factory=dict)
    changed: frozenset[Triple] = frozenset()
    aside: tuple[str, ...] = ()


def seen(name: str, folder: Path) -> Reported:
    """Read the run records of an adapter.

    Args:
        name: Its name.
        folder: The folder of records that ``conformance run`` writes.

    Raises:
        RecordError: there is none of use, or they are of several versions or machines.
    """
    records, aside = _usable(name, folder / name)
    if not records:
        said = " ".join(aside[:_NAMED]) or "It holds none."
        raise RecordError(
            f"{folder / name} holds no run record of use, one per path was wanted. {said} "
            f"Write them with: conformance run {name} --records {folder}"
        )
    versions = sorted({public_part(version(r)) for r in records})
    if len(versions) > 1:
        raise RecordError(
            f"the records in {folder / name} are of versions {', '.join(versions)}, one version "
            f"was wanted. Write them anew with: conformance run {name} --records {folder}"
        )
    ways = {
        (record.path, case.case, name): result.way
        for record in records
        for case in record.cases
        for name, result in case.outputs.items()
        if result.way is not None
    }
    return Reported(
        version=versions[0],
        paths=tuple(r.path for r in records),
        failed=_with_status(records, _FAILED, came=False),
        passed=_with_status(records, _PASSED, came=True),
        degraded=_with_status(records, frozenset({Status.DEGRADED})),
        traits=_traits(records, folder / name),
        packages=records[0].versions,
        ways=ways,
        changed=frozenset(ways) & _with_status(records, FAILING, came=False),
        aside=tuple(aside),
    )


def _usable(name: str, folder: Path) -> tuple[list[RunRecord], list[str]]:
    """The records of an adapter, one for each path and version, and why others are none of them."""
    records: dict[tuple[str, str], RunRecord] = {}
    due = due_outputs(deployed.folder_of(Path(name)))
    aside: list[str] = []
    for file in sorted(folder.glob("*.json")):
        try:
            record = record_file.read(file, whole=True)
            _require_of(record, name, due, file)
        except RecordError as error:
            aside.append(str(error))
            continue
        if records.setdefault((record.path, version(record)), record) is not record:
            aside.append(
                f"{file} is another record of {name}/{record.path}, one was wanted. "
                "Remove the one that is out of date."
            )
    return list(records.values()), aside


def _require_of(
    record: RunRecord, name: str, due: Mapping[str, tuple[str, ...]], file: Path
) -> None:
    """Refuse a record of another adapter or catalogue, and a version that no range can hold.

    Raises:
        RecordError: it is one.
    """
    if record.adapter != name:
        raise RecordError(
            f"{file} is of {record.adapter}/{record.path}, a path of {name} was wanted. "
            "Move it out of the folder."
        )
    for case in record.cases:
        if case.case not in due or case.outputs.keys() - set(due[case.case]):
            raise RecordError(
                f"{file} has case {value(case.case)} with outputs that this catalogue does not "
                "ask for; a record of this catalogue was wanted. Write it again with: "
                f"conformance run {name}"
            )
    try:
        Version(public_part(version(record)))
    except InvalidVersion as error:
        raise RecordError(
            f"{file} is of version {value(version(record))}, one as PEP 440 has them was wanted. "
            f"Write it again with: conformance run {name}"
        ) from error


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
    records: Iterable[RunRecord], wanted: frozenset[Status], *, came: bool | None = None
) -> frozenset[Triple]:
    """Outputs of some statuses; with `came`, also the flaky that came out right, or did not."""
    return frozenset(
        (done.path, case.case, name)
        for done in records
        for case in done.cases
        for name, result in case.outputs.items()
        if result.status in wanted or (result.status is Status.FLAKY and came_out(result) is came)
    )
