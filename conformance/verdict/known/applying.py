"""Known failures held against what came out: expected, passed all the same, or flaky."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from conformance.verdict.known.expectations import KnownFailure
from conformance.verdict.record import COMPARED, OutputResult, Status

FAILING = frozenset({Status.FAIL, Status.ERROR, Status.CRASH, Status.TIMEOUT})
"""Statuses that an entry can expect."""


def apply(
    expectations: Iterable[KnownFailure], path: str, case: str, results: Mapping[str, OutputResult]
) -> dict[str, OutputResult]:
    """Turn failures that are expected into expected ones, and their absence into a failure."""
    return {
        output: _apply_one([e for e in expectations if e.matches(path, case, output)], result)
        for output, result in results.items()
    }


def _apply_one(entries: list[KnownFailure], result: OutputResult) -> OutputResult:
    if not entries:
        return result
    told = [f"{e.reason} ({e.link})" if e.link else e.reason for e in entries]
    why = "; ".join(dict.fromkeys(told))
    causes = tuple(dict.fromkeys(e.cause or e.reason for e in entries))
    seen = f"{result.status}: {result.reason}" if result.reason else str(result.status)
    rate = next((e.seen for e in entries if e.seen), "")
    if rate and result.status in FAILING | COMPARED:
        text = f"comes and goes, failed in {rate} tries: {why} [this time {seen}]"
        return replace(result, status=Status.FLAKY, reason=text, known=causes)
    if result.status in FAILING:
        text = f"expected: {why} [{seen}]"
        return replace(result, status=Status.EXPECTED_FAIL, reason=text, known=causes)
    if result.status in COMPARED:
        text = (
            f"expected to fail and did not: {why}. Remove the entry from expectations.toml, or "
            "mark it there as gone."
        )
        return replace(result, status=Status.UNEXPECTED_PASS, reason=text)
    return result
