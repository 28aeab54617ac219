"""Error units over time and versions, as what the charting library is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.nights.history.entry import ColumnRun
from conformance.nights.history.store import began
from conformance.nights.site.archive import CASE_NIGHTS, Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A column with one version of its framework.

    Attributes:
        version: The version.
        first: The first run with it.
        last: The last run with it.
        runs: How many runs had it.
        red: In how many of them something was red.
        units: The largest error of each output in its last run.
    """

    version: str
    first: str
    last: str
    runs: int
    red: int
    units: Mapping[str, float | None]


def of_path(archive: Archive, column: str) -> dict[str, Any]:
    """The largest error of each output that passes, run by run; marks where the version changed."""
    nights = archive.nights_of(column)
    values = {
        output: [archive.by_output.get(e.body, {}).get(output) for e in nights.values()]
        for output in OUTPUT_NAMES
    }
    known = {name: v for name, v in values.items() if any(value is not None for value in v)}
    return _chart(list(nights), known, _marks(nights))


def failing(archive: Archive, column: str) -> dict[str, Any]:
    """How many outputs of a path fail, expected and not, run by run."""
    nights = archive.nights_of(column)
    values = {
        "red": [float(entry.red) for entry in nights.values()],
        "expected-fail": [float(e.counts.get("expected-fail", 0)) for e in nights.values()],
        "flaky": [float(e.counts.get("flaky", 0)) for e in nights.values()],
        "degraded": [float(e.counts.get("degraded", 0)) for e in nights.values()],
    }
    return _chart(list(nights), values, _marks(nights), least=0.0)


def of_case(archive: Archive, case: str) -> dict[str, Any]:
    """The largest error of a case on each path, at the runs in which any of them changed."""
    names = list(archive.runs)[-CASE_NIGHTS:]
    values: dict[str, list[float | None]] = {}
    for place, name in enumerate(names):
        for entry in archive.runs[name]:
            units = archive.by_case.get(entry.body, {}).get(case) if entry.body else None
            if units is not None:
                values.setdefault(entry.column, [None] * len(names))[place] = units
    return _chart(*_changing(names, dict(sorted(values.items()))), [])


def versions(archive: Archive, column: str) -> list[Version]:
    """The versions of a column, the newest first."""
    found: dict[str, list[tuple[str, ColumnRun]]] = {}
    for name, entry in archive.nights_of(column).items():
        found.setdefault(entry.version, []).append((name, entry))
    return [
        Version(
            version=version,
            first=runs[0][0],
            last=runs[-1][0],
            runs=len(runs),
            red=sum(bool(entry.red) for _, entry in runs),
            units=archive.by_output.get(runs[-1][1].body, {}),
        )
        for version, runs in reversed(found.items())
    ]


def over_versions(known: Sequence[Version]) -> dict[str, Any]:
    """The largest error of each output by version, the oldest first."""
    oldest_first = list(reversed(known))
    series = {
        output: [each.units.get(output) for each in oldest_first]
        for output in OUTPUT_NAMES
        if any(each.units.get(output) is not None for each in oldest_first)
    }
    return {
        "x": list(range(len(oldest_first))),
        "names": [each.version for each in oldest_first],
        "series": [{"label": name, "values": values} for name, values in series.items()],
        "marks": [],
    }


def _chart(
    names: Sequence[str],
    values: Mapping[str, Sequence[float | None]],
    marks: Sequence[dict[str, Any]],
    least: float = 0.01,
) -> dict[str, Any]:
    return {
        "x": [int(began(name).timestamp()) for name in names],
        "series": [
            {"label": label, "values": [_three(value, least) for value in mine]}
            for label, mine in values.items()
        ],
        "marks": list(marks),
    }


def _three(value: float | None, least: float) -> float | None:
    # A logarithmic axis has no 0; errors below a hundredth of a unit are drawn there.
    return None if value is None else max(float(f"{value:.3g}"), least)


def _marks(nights: Mapping[str, ColumnRun]) -> list[dict[str, Any]]:
    marks, before = [], ""
    for name, entry in nights.items():
        if entry.version != before:
            marks.append({"x": int(began(name).timestamp()), "label": entry.version})
        before = entry.version
    return marks


def _changing(
    names: Sequence[str], values: Mapping[str, Sequence[float | None]]
) -> tuple[list[str], dict[str, list[float | None]]]:
    """Leave out runs at which every series stands as it did before and does after."""
    rows = list(zip(*values.values(), strict=True)) if values else [() for _ in names]
    last = len(names) - 1
    kept = [
        i
        for i in range(len(names))
        if i in (0, last) or rows[i] != rows[i - 1] or rows[i] != rows[i + 1]
    ]
    return [names[i] for i in kept], {k: [v[i] for i in kept] for k, v in values.items()}
