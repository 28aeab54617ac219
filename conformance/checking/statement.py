"""A conformance statement: what was checked, with what, and what came out, to cite and to verify.

It is a JSON file of schema ``schemas/statement.json`` that says everything which was measured, and
the result of every output of every case, so that no number in it stands by itself.  It has a digest
of its own, and may be signed (`conformance.checking.signing`).  Reading one runs nothing.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from conformance import documents
from conformance._version import __version__
from conformance.atomic import write_atomically
from conformance.checking.levels import worst_grade
from conformance.checking.report import Fresh, Report
from conformance.checking.state import soak
from conformance.checking.terminal import rows
from conformance.errors import RecordError
from conformance.harness.environment import here
from conformance.printable import cut, printable
from conformance.verdict.record import CaseResult, OutputResult, Status
from conformance.verdict.record_file import encode

SCHEMA = "conformance/statement/3"

APART = ("sha256", "signature")
"""Entries that the statement's own digest is not over."""

GRADES = ("A", "B", "C", "F")


def make(report: Report) -> dict[str, Any]:
    """The statement of a report, its own digest included."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "kernel": _kernel(report),
        "suite": {**report.suite, "version": __version__, "code": report.code},
        "selected": _selected(report),
        "scope": dict(report.scope),
        "conforms": report.conforms,
        "partial": report.partial,
        "grade": report.grade,
        "grades": {row.output: row.grade for row in rows(report.cases)},
        "rule": asdict(report.rule),
        "edges": {edge.name: edge.state for edge in report.edges},
        **_counted(report.cases),
        "results": _results(report.cases),
        "drawn": {"grade": worst_grade(report.drawn), "results": _results(report.drawn)},
        "diagnosis": [found.sentence for found in report.diagnosis],
        "conventions": [found.sentence for found in report.conventions],
        "fresh": _fresh(report.fresh),
        "notes": [*report.notes, *filter(None, [soak.words(report.state.soak)])],
        "spoilt": list(report.spoilt),
        "protections": dict(report.protections),
        "versions": dict(report.versions),
        "device": report.device,
        "environment": here(),
        "platform": platform.platform(),
        "date": report.started,
        "seconds": report.seconds,
    }
    cleaned: dict[str, Any] = _printable(said)
    return {**cleaned, "sha256": digest(cleaned)}


def _kernel(report: Report) -> dict[str, Any]:
    """Which kernel it is, and of which files it consists."""
    return {
        "selector": report.kernel,
        "about": cut(report.about, 4000),
        "sha256": report.digest,
        "files": dict(report.closure.files),
        "distributions": report.closure.distributions,
        "unread": list(report.closure.unread),
    }


def _selected(report: Report) -> dict[str, Any]:
    """What was asked of it, and in which conventions."""
    return {
        "cases": len(report.cases),
        "sha256": digest([case.case for case in report.cases]),
        "dialect": dict(report.dialect),
        "declared": dict(report.declared),
        "takes": list(report.takes),
    }


def _counted(cases: Sequence[CaseResult]) -> dict[str, Any]:
    """How many outputs have each status, and how many each grade."""
    outputs = [result for case in cases for result in case.outputs.values()]
    counts = Counter(result.status for result in outputs)
    graded = Counter(result.grade for result in outputs)
    return {
        "counts": {status.value: counts[status] for status in Status},
        "graded": {grade: graded[grade] for grade in GRADES},
    }


def _results(cases: Sequence[CaseResult]) -> dict[str, dict[str, str]]:
    """The result of every output of every case, in a few words each."""
    return {
        case.case: {name: word(result) for name, result in case.outputs.items()} for case in cases
    }


def _fresh(fresh: Fresh) -> dict[str, Any]:
    """What came of cases that nobody had seen."""
    return {
        "seed": fresh.seed,
        "given": fresh.given,
        "cases": fresh.cases,
        "compared": fresh.compared,
        "disagree": sorted(set(fresh.disagree)),
        "classes": dict(fresh.classes),
        "least": fresh.least,
        "odds": fresh.odds,
    }


def _printable(value: Any) -> Any:
    """A value whose texts hold nothing that drives a terminal: a kernel may have named itself."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(name)): _printable(item) for name, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, (list, tuple)) else value


AT_EDGE = "edge"
"""The last word of a result that is wrong at an edge alone."""


def word(result: OutputResult) -> str:
    """The result of one output in a few words: status, grade if it has one, and ``"edge"``."""
    words = (result.status.value, result.grade, AT_EDGE if result.edges else None)
    return " ".join(each for each in words if each)


def write(report: Report, file: Path) -> None:
    """Write the statement of a report, whole or not at all."""
    said = make(report)
    documents.require(encode(said), "statement", str(file))  # what could not be read is not written
    save(said, file)


def save(said: Mapping[str, Any], file: Path) -> None:
    """Write a statement, whole or not at all."""
    write_atomically(file, json.dumps(encode(said), indent=1, allow_nan=False) + "\n")


def read(file: Path) -> dict[str, Any]:
    """Read a statement; nothing that it names is run, loaded or opened.

    Raises:
        RecordError: it is missing, no statement, partial, or was changed after it was written.
    """
    said: dict[str, Any] = documents.read(file, "statement")
    now = digest({name: value for name, value in said.items() if name not in APART})
    if said["sha256"] != now:
        raise RecordError(
            f"{file} was changed after it was written: its digest is {now}, it says "
            f"{said['sha256']}. Write it again with: conformance check KERNEL --statement FILE"
        )
    if said["partial"]:
        raise RecordError(
            f"{file} is PARTIAL: {said['partial']}; the statement of a whole check was wanted. "
            "Write one with: conformance check KERNEL --statement FILE"
        )
    return said


def digest(said: object) -> str:
    """SHA-256 of a value's JSON, with sorted keys and no spaces."""
    text = json.dumps(encode(said), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
