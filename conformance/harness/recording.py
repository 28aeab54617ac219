"""What a column did, put together as a run record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from conformance.cases import golden
from conformance.harness.column import Column
from conformance.harness.environment import here
from conformance.harness.probing import PROBED, worded
from conformance.verdict.conventions import Convention
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import CaseResult, RunRecord


def make_record(
    column: Column,
    results: Iterable[CaseResult],
    *,
    started: str,
    seconds: float,
    diagnosis: tuple[Diagnosis, ...] = (),
    partial: str | None = None,
    breaches: str | None = None,
    catalogue: Mapping[str, object] | None = None,
    conventions: Mapping[str, Convention] | None = None,
) -> RunRecord:
    """Put the results of one column together; without a catalogue, of the stored cases."""
    results = tuple(results)
    return RunRecord(
        adapter=column.adapter,
        path=column.path,
        about=column.about,
        versions=column.versions,
        device=column.device,
        dialect=asdict(column.dialect),
        catalogue=stored() if catalogue is None else catalogue,
        started=started,
        seconds=round(seconds, 3),
        cases=results,
        diagnosis=diagnosis,
        environment={**here(column.switches), **_found(column, results, breaches)},
        partial=partial,
        conventions=conventions or {},
    )


def stored(folder: Path | None = None) -> dict[str, object]:
    """The golden files of a folder, as a record names them."""
    manifest = golden.manifest(folder)
    return {
        "digest": manifest.digest,
        "cases": len(manifest.entries),
        "published": manifest.foreign is None,
    }


def _found(column: Column, results: Iterable[CaseResult], breaches: str | None) -> dict[str, str]:
    """What was found by trying, as facts of the record: traits, and what the machine lacks.

    And what came from the worker that was no answer: it has answered nothing.
    """
    reasons = {output.reason or "" for case in results for output in case.outputs.values()}
    lacking = sorted(r.removeprefix(PROBED) for r in reasons if r.startswith(PROBED))
    facts = {
        "traits": worded(column.traits),
        "lacking": "; ".join(lacking),
        "protections": column.protections,
    }
    facts["unasked"] = breaches or ""
    return {name: fact for name, fact in facts.items() if fact}
