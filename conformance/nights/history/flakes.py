"""What comes and goes, over the runs of a history: how often each output failed of late."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from conformance.nights.history.entry import ColumnRun
from conformance.nights.history.store import History
from conformance.verdict.known.outputs import Triple
from conformance.verdict.known.ranges import public_part
from conformance.verdict.record import Status

RUNS = 60
"""How many runs back are looked at."""

ENOUGH = 8
"""In how many runs an output must be the same to be called no longer flaky.

What fails in one of four tries passes eight times in a row in one of ten such stretches.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How outputs that are known to come and go came out.

    Attributes:
        tries: In how many runs each came out at all.
        failures: In how many of them it failed.
    """

    tries: Counter[Triple] = field(default_factory=Counter)
    failures: Counter[Triple] = field(default_factory=Counter)

    def always(self, *, failed: bool) -> dict[Triple, int]:
        """Outputs that failed each time, or never, in `ENOUGH` runs or more; and in how many."""
        return {
            output: tries
            for output, tries in self.tries.items()
            if tries >= ENOUGH and self.failures[output] == (tries if failed else 0)
        }


def tally(history: History, adapter: str, version: str) -> Tally:
    """Count how the flaky outputs of an adapter came out at one version of its framework.

    Args:
        history: The runs.
        adapter: Name of the adapter.
        version: The version, without what follows a plus.

    Raises:
        HistoryError: a file is missing or damaged.
    """
    found = Tally()
    bodies: dict[str, list[tuple[str, str, bool]]] = {}
    for entries in history.readable(RUNS).values():
        for entry in entries:
            if entry.missing or entry.adapter != adapter:
                continue
            if public_part(entry.version) != version or not entry.counts.get(Status.FLAKY.value):
                continue
            if entry.body not in bodies:
                bodies[entry.body] = _outcomes(history, entry)
            for case, output, failed in bodies[entry.body]:
                name = (entry.path, case, output)
                found.tries[name] += 1
                found.failures[name] += failed
    return found


def _outcomes(history: History, entry: ColumnRun) -> list[tuple[str, str, bool]]:
    from conformance.nights.history import query  # noqa: PLC0415 - adding needs no DuckDB

    asked = """
        SELECT "case", "output", grade IS NULL OR grade = 'F'
        FROM read_parquet(?) WHERE body = ? AND status = ?
    """
    with query.connect() as database:
        values = [str(history.results_file(entry)), entry.body, Status.FLAKY.value]
        return [(str(c), str(o), bool(f)) for c, o, f in database.execute(asked, values).fetchall()]
