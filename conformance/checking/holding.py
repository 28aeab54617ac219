"""A statement against a check of today: every entry is compared, and what may differ is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.checking.deviation import Deviation
from conformance.checking.report import Report
from conformance.checking.statement import make
from conformance.verdict.record_file import encode

BREAK = (
    "schema",
    "kernel.about",
    "kernel.sha256",
    "kernel.files",
    "kernel.unread",
    "suite.digest",
    "suite.cases",
    "suite.published",
    "suite.tier",
    "suite.case",
    "suite.dtype",
    "suite.arrays",
    "suite.declare",
    "suite.where",
    "suite.fresh",
    "suite.expectations",
    "selected",
    "conforms",
    "partial",
    "grade",
    "grades",
    "rule",
    "edges",
    "counts",
    "graded",
    "results",
    "fresh.disagree",
    "spoilt",
)
"""Entries that must be as stated."""

TELL = (
    "kernel.selector",
    "kernel.distributions",
    "suite.golden",
    "suite.timeout",
    "suite.memory_gib",
    "suite.version",
    "suite.code",
    "diagnosis",
    "conventions",
    "scope",
    "drawn",
    "fresh.seed",
    "fresh.given",
    "fresh.cases",
    "fresh.compared",
    "fresh.classes",
    "fresh.least",
    "fresh.odds",
    "protections",
    "notes",
    "versions",
    "device",
    "environment",
    "platform",
    "date",
    "seconds",
)
"""Entries that may well differ between two runs: told, and no more than told.

``suite.code`` breaks a statement of the same version; that is seen before anything is run.
"""

_LISTED = 8
"""Results that are told one by one."""


def compare(said: Mapping[str, Any], report: Report) -> Iterator[Deviation]:
    """How a check of today differs from a statement; nothing where it holds to the letter."""
    now = json.loads(json.dumps(encode(make(report))))
    for what in BREAK:
        stated, found = _at(said, what), _at(now, what)
        if what == "suite.expectations":  # the file may lie elsewhere
            stated, found = _digest_of(stated), _digest_of(found)
        if what == "fresh.disagree":  # which of them, is by chance
            stated, found = bool(stated), bool(found)
        if stated == found and type(stated) is type(found):
            continue
        if what == "results":
            yield from _results(stated, found)
        else:
            yield Deviation(what=what, stated=stated, found=found, breaks=True)
    for what in TELL:
        stated, found = _at(said, what), _at(now, what)
        if stated != found:
            yield Deviation(what=what, stated=stated, found=found, breaks=False)


def _results(stated: Any, found: Any) -> Iterator[Deviation]:
    names = list(dict.fromkeys([*stated, *found]))
    differ = [name for name in names if stated.get(name) != found.get(name)]
    for name in differ[:_LISTED]:
        yield Deviation(
            what=f"results.{name}", stated=stated.get(name), found=found.get(name), breaks=True
        )
    if len(differ) > _LISTED:
        yield Deviation(what="results", stated=len(differ), found="as measured", breaks=True)
    if not differ:  # the same in another order
        yield Deviation(what="results", stated="an order", found="another", breaks=True)


def _digest_of(expectations: Any) -> object:
    return expectations["sha256"] if isinstance(expectations, dict) else expectations


def _at(said: Mapping[str, Any], what: str) -> object:
    value: Any = said
    for part in what.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
