"""Small nights: records of a few paths, some days apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from conformance.nights.history import History
from conformance.tests.report.records import DIGEST, case, passed, record
from conformance.verdict.record import CaseResult, OutputResult, RunRecord

FIRST = datetime(2026, 5, 1, 3, 0, 0, tzinfo=UTC)
"""When night 0 begins."""


def cases(outputs: Mapping[str, OutputResult] | None = None, count: int = 3) -> list[CaseResult]:
    """Some cases, each with the same outputs."""
    return [
        case(outputs or {"y": passed(), "dx": passed(2.0)}, f"offset/{i}") for i in range(count)
    ]


def night(
    number: int,
    paths: Sequence[str] = ("torch/functional", "jax/jnp"),
    *,
    results: Sequence[CaseResult] | None = None,
    version: str = "2.13.0",
    device: str = "cpu",
    digest: str = DIGEST,
    **environment: str,
) -> list[RunRecord]:
    """The records of one night, the same results on every path."""
    mine = cases() if results is None else list(results)
    started = (FIRST + timedelta(days=number)).isoformat()
    return [
        replace(
            record(mine, path, version=version, device=device, digest=digest),
            started=started,
            environment=environment,
            catalogue={"digest": digest, "cases": len(mine)},
        )
        for path in paths
    ]


def add(history: History, number: int, *arguments: object, **named: object) -> str:
    """Add one night; returns the name of the run."""
    return history.add(night(number, *arguments, **named)).name  # type: ignore[arg-type]  # passed on
