"""A year of nights out of real run records: how large its history is, how fast two are compared.

    conformance run torch        (and others: the more columns, the less is repeated)
    python ci/synthetic_year.py records

``quiet`` is a year as one should be: every column gets a new version every 30 nights, which moves
three in ten errors, and the atomics of every tenth column move one error in twenty every night.
``noisy`` is the worst that can be: every error of every column moves every night, so that nothing
is ever stored twice.
"""

# ruff: noqa: T201 - it prints what it measured
from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.nights.history import History
from conformance.report.collect import collect
from conformance.verdict.record import OutputResult, RunRecord

COLUMNS, NIGHTS, EVERY = 30, 365, 30
BEGIN = datetime(2026, 1, 1, 3, tzinfo=UTC)
SPREAD = 0.3
"""Standard deviation of the logarithm by which an error moves."""


def main() -> int:
    """Make the years and measure them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the histories there")
    args = parser.parse_args()
    base = columns(collect([args.records]).records)
    outputs = sum(len(case.outputs) for record in base for case in record.cases)
    print(f"{len(base)} columns, {outputs:,} outputs a night, {args.nights} nights")
    with tempfile.TemporaryDirectory() as scratch:
        for name, year in (
            ("quiet", quiet(base, args.nights)),
            ("noisy", noisy(base, args.nights)),
        ):
            measure(name, year, (args.keep or Path(scratch)) / name)
    return 0


def columns(records: Sequence[RunRecord]) -> list[RunRecord]:
    """As many columns as a year has, out of those that there are."""
    rounds = range(-(-COLUMNS // len(records)))
    many = [replace(r, path=f"{r.path}{n or ''}") for n in rounds for r in records]
    return many[:COLUMNS]


def moved(record: RunRecord, share: float, chance: random.Random) -> RunRecord:
    """A record in which that share of the errors moved."""

    def move(result: OutputResult) -> OutputResult:
        if not result.units or chance.random() >= share:
            return result
        return replace(result, units=result.units * chance.lognormvariate(0, SPREAD))

    cases = [
        replace(case, outputs={name: move(result) for name, result in case.outputs.items()})
        for case in record.cases
    ]
    return replace(record, cases=tuple(cases))


def quiet(base: Sequence[RunRecord], nights: int) -> Iterator[list[RunRecord]]:
    """A year as one should be."""
    chance, current = random.Random(1), list(base)  # noqa: S311 - no secret depends on it
    for night in range(nights):
        tonight = []
        for place, record in enumerate(current):
            if night and (night + place) % EVERY == 0:
                versions = {**record.versions, next(iter(record.versions)): f"9.{night}.0"}
                current[place] = moved(replace(record, versions=versions), 0.3, chance)
            flaky = place % 10 == 0
            tonight.append(moved(current[place], 0.05, chance) if flaky else current[place])
        yield tonight


def noisy(base: Sequence[RunRecord], nights: int) -> Iterator[list[RunRecord]]:
    """A year in which nothing repeats."""
    chance = random.Random(2)  # noqa: S311 - no secret depends on it
    for _ in range(nights):
        yield [moved(record, 1.0, chance) for record in base]


def measure(name: str, year: Iterator[list[RunRecord]], folder: Path) -> None:
    """Add a year; print its size, and how long adding and comparing take."""
    history, adding = History(folder), []
    for night, records in enumerate(year):
        started = (BEGIN + timedelta(days=night)).isoformat()
        begun = time.perf_counter()
        history.add([replace(record, started=started) for record in records])
        adding.append(time.perf_counter() - begun)
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e6
    print(f"{name}: {size:.1f} MB; a night is added in {statistics.median(adding):.2f} s")
    names = history.names()
    pairs = [(names[-2], names[-1]), (names[0], names[-1]), (names[0], names[len(names) // 2])]
    for old, new in pairs:
        begun = time.perf_counter()
        command = [sys.executable, "-m", "conformance", "diff", old, new, "--history", str(folder)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        seconds = time.perf_counter() - begun
        print(f"  {old[:10]} to {new[:10]}: {seconds:.2f} s  {told.stdout.splitlines()[0]}")


if __name__ == "__main__":
    sys.exit(main())
