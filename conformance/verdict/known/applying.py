"""Known failures held against what came out: expected, otherwise than known, passed, or flaky.

What is degraded stays so, with its cause beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from conformance.verdict.known import ends, sizes
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.sizes import Sizes
from conformance.verdict.record import COMPARED, OutputResult, Status

FAILING = frozenset({Status.FAIL, Status.ERROR, Status.CRASH, Status.TIMEOUT})
"""Statuses that an entry can expect."""

_NONE: Sizes = MappingProxyType({})


def apply(
    expectations: Iterable[KnownFailure],
    path: str,
    case: str,
    results: Mapping[str, OutputResult],
    recorded: Sizes = _NONE,
) -> dict[str, OutputResult]:
    """Turn failures that are expected into expected ones, and their absence into a failure.

    Args:
        expectations: The entries that are active.
        path: Name of the path.
        case: Id of the case.
        results: What came out.
        recorded: How known failures fail; what fails otherwise stays a failure.
    """
    return {
        output: _apply_one(
            [e for e in expectations if e.matches(path, case, output)],
            result,
            recorded.get((path, case, output)),
        )
        for output, result in results.items()
    }


def _apply_one(
    entries: list[KnownFailure], result: OutputResult, recorded: str | None
) -> OutputResult:
    expected = [e for e in entries if not e.degraded]
    if not expected:
        return _explained(entries, result)
    why, causes, entries = _why(expected), _causes(expected), expected
    seen = f"{result.status}: {result.reason}" if result.reason else str(result.status)
    rate = next((e.seen for e in entries if e.seen), "")
    if rate and result.status in FAILING | COMPARED:
        text = f"comes and goes, failed in {rate} tries: {why} [this time {seen}]"
        return replace(result, status=Status.FLAKY, reason=text, known=causes)
    if any(entry.gone for entry in entries):
        recorded = None  # that is how today's release fails, in which this is gone
    if result.status in FAILING:
        return _failed(replace(result, known=causes, way=sizes.way(result)), why, seen, recorded)
    if result.status in COMPARED:
        text = (
            f"expected to fail and did not: {why}. Remove the entry from expectations.toml, or "
            "mark it there as gone."
        )
        return replace(result, status=Status.UNEXPECTED_PASS, reason=text)
    return result


def _explained(entries: list[KnownFailure], result: OutputResult) -> OutputResult:
    """What is degraded, with why; nothing else is explained by being degraded."""
    if not entries or result.status is not Status.DEGRADED:
        return result
    reason = "; ".join(filter(None, (result.reason, _why(entries))))
    return replace(result, reason=reason, known=_causes(entries))


def _why(entries: Iterable[KnownFailure]) -> str:
    return "; ".join(dict.fromkeys(map(_told, entries)))


def _told(entry: KnownFailure) -> str:
    """The reason of an entry, with what else is known of it."""
    more = "; ".join(filter(None, (ends.in_words(entry), entry.link)))
    return f"{entry.reason} ({more})" if more else entry.reason


def _causes(entries: Iterable[KnownFailure]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e.cause or e.reason for e in entries))


def _failed(result: OutputResult, why: str, seen: str, recorded: str | None) -> OutputResult:
    """What an entry speaks of and what failed: as it is known to, or otherwise."""
    way = result.way or ""
    if recorded is None or sizes.is_as_recorded(recorded, way):
        return replace(result, status=Status.EXPECTED_FAIL, reason=f"expected: {why} [{seen}]")
    text = (
        f"fails otherwise than known: {_shown(recorded)} was recorded, {_shown(way)} came "
        f"[{seen}]; known: {why}. If that is the same fault, record it anew with: "
        "conformance expectations ADAPTER --record"
    )
    return replace(result, reason=text)


def _shown(way: str) -> str:
    return f"{way} units" if way[:1].isdigit() else way
