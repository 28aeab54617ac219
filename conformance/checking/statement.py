"""A conformance statement: what was checked, with what, and what came out, to cite and to verify.

It is a JSON file of schema ``schemas/statement.json`` with a digest of its own, so that an edited
one is noticed; `verify` reads it, compares the digests of suite and kernel, and checks again.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.atomic import write_atomically
from conformance.checking.report import Report
from conformance.checking.terminal import rows
from conformance.documents import read_json
from conformance.errors import RecordError
from conformance.verdict.record import Status
from conformance.verdict.record_file import encode

SCHEMA = "conformance/statement/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Something that is not as the statement says.

    Attributes:
        what: Which entry.
        stated: What the statement says.
        found: What is so now.
        breaks: Whether the statement does not hold because of it; a newer version of a package
            alone does not break it.
    """

    what: str
    stated: object
    found: object
    breaks: bool


def make(report: Report) -> dict[str, Any]:
    """The statement of a report, its own digest included."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "kernel": {"selector": report.kernel, "about": report.about, "sha256": report.digest},
        "suite": dict(report.suite),
        "selected": {
            "cases": len(report.cases),
            "sha256": _digest([case.case for case in report.cases]),
            "dialect": dict(report.dialect),
        },
        "conforms": report.conforms,
        "partial": report.partial,
        "grade": report.grade,
        "grades": {row.output: row.grade for row in rows(report)},
        "counts": {s.value: report.counts[s] for s in Status},
        "fresh": {"cases": report.fresh.cases, "disagree": len(report.fresh.disagree)},
        "notes": list(report.notes),
        "versions": dict(report.versions),
        "device": report.device,
        "platform": platform.platform(),
        "date": report.started,
    }
    return {**said, "sha256": _digest(said)}


def write(report: Report, file: Path) -> None:
    """Write the statement of a report, whole or not at all."""
    write_atomically(file, json.dumps(encode(make(report)), indent=1, allow_nan=False) + "\n")


def read(file: Path) -> dict[str, Any]:
    """Read a statement.

    Raises:
        RecordError: it is missing, no statement, or was changed after it was written.
    """
    try:
        said = read_json(file)
    except ValueError as error:
        raise RecordError(
            f"{file} is not a readable statement: {error}. "
            "Write one with: conformance check KERNEL --statement FILE"
        ) from error
    found = said.get("schema") if isinstance(said, dict) else type(said).__name__
    if found != SCHEMA:
        raise RecordError(
            f"{file} has schema {found!r}, {SCHEMA!r} was wanted. "
            "Write one with: conformance check KERNEL --statement FILE"
        )
    stated, now = said.get("sha256"), _digest({k: v for k, v in said.items() if k != "sha256"})
    if stated != now:
        raise RecordError(
            f"{file} was changed after it was written: its digest is {now}, it says {stated}. "
            "Write it again with: conformance check KERNEL --statement FILE"
        )
    _require_whole(said, file)
    statement: dict[str, Any] = said
    return statement


def _require_whole(said: Mapping[str, Any], file: Path) -> None:
    """Refuse the statement of a check that was stopped, and one that lacks what is verified."""
    again = "Write one with: conformance check KERNEL --statement FILE"
    if said.get("partial"):
        raise RecordError(
            f"{file} is PARTIAL: {said['partial']}; the statement of a whole check was wanted. "
            f"{again}"
        )
    for what, kind in _READ.items():
        if not isinstance(_at(said, what), kind):
            raise RecordError(
                f"{file} has {what} = {_at(said, what)!r}, {_KINDS[kind]} was wanted. {again}"
            )


_KINDS = {str: "a text", dict: "a table", int: "a number"}
_READ = {
    "kernel.selector": str,
    "suite.tier": str,
    "selected.dialect": dict,
    "selected.cases": int,
    "date": str,
}
"""Entries that `verify` reads, and what they must be."""


def compare(said: Mapping[str, Any], report: Report) -> Sequence[Deviation]:
    """How a check of today differs from a statement; nothing where it holds to the letter."""
    now = json.loads(json.dumps(encode(make(report))))
    differences = []
    for what, breaks in _COMPARED.items():
        stated, found = _at(said, what), _at(now, what)
        if stated != found:
            differences.append(Deviation(what=what, stated=stated, found=found, breaks=breaks))
    return differences


_COMPARED = {
    "kernel.sha256": True,
    "suite.digest": True,
    "suite.expectations": True,
    "selected.sha256": True,
    "selected.dialect": True,
    "conforms": True,
    "grade": True,
    "grades": True,
    "versions": False,
    "device": False,
    "platform": False,
}
"""Entries that are compared, and whether a difference breaks the statement."""


def _at(said: Mapping[str, Any], what: str) -> object:
    value: Any = said
    for part in what.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _digest(said: object) -> str:
    text = json.dumps(encode(said), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
