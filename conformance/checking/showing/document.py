"""Cases as JSON of schema ``schemas/show.json``: a list of them, or all there is to see of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from conformance import layout
from conformance._version import __version__
from conformance.case import Array
from conformance.checking.showing.look import Due, Look, Tried
from conformance.checking.showing.row import Row
from conformance.verdict.record_file import encode

SCHEMA = "conformance/show/1"

MOST_CHANNELS = 256
"""Channels of one case; those of the largest condition are told."""


def listed(rows: Iterable[Row], digest: str) -> str:
    """A list of cases.

    Args:
        rows: The cases.
        digest: That of the golden files.
    """
    return _text([{**asdict(row), "details": None} for row in rows], digest)


def shown(looks: Iterable[Look], digest: str) -> str:
    """All there is to see of cases.

    Args:
        looks: The cases.
        digest: That of the golden files.
    """
    return _text([_case(look) for look in looks], digest)


def _text(cases: Sequence[dict[str, Any]], digest: str) -> str:
    payload = {"schema": SCHEMA, "version": __version__, "digest": digest, "cases": cases}
    return json.dumps(encode(payload), indent=1, allow_nan=False)


def _case(look: Look) -> dict[str, Any]:
    problem, inputs = look.case.problem, look.case.inputs
    row = Row(
        id=problem.id,
        mode=inputs.mode,
        types=inputs.types,
        layout=layout.name(inputs),
        shape=inputs.x.shape,
        catches=problem.catches,
    )
    return {**asdict(row), "details": _details(look)}


def _details(look: Look) -> dict[str, Any]:
    problem, inputs = look.case.problem, look.case.inputs
    return {
        "made": problem.made,
        "sources": list(problem.cites),
        "eps": inputs.eps,
        "momentum": inputs.momentum,
        "limit": problem.limit,
        "memory": inputs.memory,
        "edges": list(look.edges),
        "earlier": len(inputs.earlier),
        "C": list(inputs.channel_shape),
        "M": inputs.count,
        "channels": _channels(look) if inputs.count else [],
        "outputs": {due.field: _output(due) for due in look.due},
        "ways": [_way(tried) for tried in look.tried],
    }


def _channels(look: Look) -> list[dict[str, Any]]:
    found = look.channels
    return [
        {
            "channel": number,
            "mean": float(found.mean[number]),
            "variance": float(found.variance[number]),
            "min": float(found.least[number]),
            "max": float(found.most[number]),
            "condition": None if found.condition is None else float(found.condition[number]),
        }
        for number in found.hardest(MOST_CHANNELS)
    ]


def _output(due: Due) -> dict[str, Any]:
    return {
        "shape": list(due.expected.shape),
        **dict(zip(("least", "most"), _ends(due.expected), strict=True)),
        **dict(zip(("least_unit", "most_unit"), _ends(due.unit), strict=True)),
    }


def _ends(array: Array) -> tuple[float | None, float | None]:
    """The least and the greatest element; NaN where there is one, None where there is none."""
    return (float(array.min()), float(array.max())) if array.size else (None, None)


def _way(tried: Tried) -> dict[str, Any]:
    return {
        "id": tried.way.id,
        "about": tried.way.about,
        "honest": tried.way.honest,
        "left": tried.left,
        "outputs": {
            field: {"units": result.units, "grade": result.grade}
            for field, result in tried.results.items()
        },
    }
