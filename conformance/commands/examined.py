"""How the self-test of an adapter is told by the commands."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from conformance.checking.selftest import Outcome
from conformance.harness.column import Column


def show(told: Iterable[tuple[Column, Outcome]]) -> bool:
    """Print the outcome of each path as it comes; whether all pass."""
    passes = []
    for column, outcome in told:
        print(f"{column.id}  {outcome.verdict}", flush=True)
        for line in lines(outcome):
            print(f"  {line}")
        if outcome.unasked:
            print(f"  not asked: {'; '.join(outcome.unasked)}")
        if outcome.unseen:
            print(f"  never returned, and so not looked at: {', '.join(outcome.unseen)}")
        passes.append(outcome.passes)
    return all(passes)


def show_json(told: Iterable[tuple[Column, Outcome]]) -> bool:
    """The same as JSON, once all is known."""
    known = list(told)
    print(json.dumps([_as_json(*each) for each in known], indent=1))
    return all(outcome.passes for _, outcome in known)


def lines(outcome: Outcome) -> list[str]:
    """What was found, mistakes first."""
    return [f"{'mistake' if f.certain else 'doubt'}: {f.sentence}" for f in outcome.findings]


def _as_json(column: Column, outcome: Outcome) -> dict[str, Any]:
    return {"column": column.id, "passes": outcome.passes, **asdict(outcome)}
