"""Two runs against each other: every output that is another one, every column that is gone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Any

import duckdb

from conformance.errors import HistoryError
from conformance.nights.diff.changes import (
    FACTOR,
    FLOOR,
    Change,
    ChangeKind,
    Difference,
    Outcome,
)
from conformance.nights.diff.circumstances import circumstances, only_machine
from conformance.nights.diff.sides import Side, load
from conformance.nights.diff.since import Since, fill
from conformance.nights.history import query
from conformance.nights.history.entry import family
from conformance.nights.history.store import History
from conformance.verdict.record import RED, Status

_REDS = frozenset(status.value for status in RED)
_FAILING = _REDS | {Status.EXPECTED_FAIL.value}
_ORDER = list(ChangeKind)

_CHANGED = """
    SELECT name, "case", "output",
        o.status, o.grade, o.units, o.reason, n.status, n.grade, n.units, n.reason
    FROM (SELECT * FROM old WHERE name IN (SELECT unnest($shared))) o
    FULL JOIN (SELECT * FROM new WHERE name IN (SELECT unnest($shared))) n
        USING (name, "case", "output")
    WHERE o.status IS DISTINCT FROM n.status OR o.grade IS DISTINCT FROM n.grade
        OR (n.units > $factor * o.units AND n.units >= $floor)
    ORDER BY name, "case", "output"
"""


def compare(
    old: str, new: str, history: History, *, factor: float = FACTOR, floor: float = FLOOR
) -> Difference:
    """What changed from one run to another.

    Args:
        old: The earlier run: one of the history, or a folder or file of run records.  A column
            that gave no result in a run of the history is compared with the last run before it
            in which it gave one.
        new: The later run, the same way.
        history: Where runs are looked for.
        factor: By how much an error must grow to be a drift.
        floor: Below how many units no growth is a drift.

    Raises:
        HistoryError: a run is missing or damaged, or factor or floor make no sense.
        RecordError: a run record is damaged or foreign.
    """
    if not (factor > 1 and floor >= 0):
        raise HistoryError(
            f"factor = {factor}, floor = {floor}: a factor above 1 and a floor of at least 0 "
            "were wanted."
        )
    with query.connect() as database:
        before, after = load(database, "old", old, history), load(database, "new", new, history)
        told = list(_columns(before, after))
        since = fill(database, "old", before, after, history)
        before = since.side
        shared = [
            name
            for name in before.entries.keys() & after.entries.keys()
            if not before.entries[name].missing and not after.entries[name].missing
        ]
        asked = {"shared": shared, "factor": factor, "floor": floor}
        rows = database.execute(_CHANGED, asked).fetchall()
        compared = _count(database, shared)
    around = {
        name: circumstances(before.entries[name], after.entries[name]) for name in sorted(shared)
    }
    elsewhere = {name for name, found in around.items() if only_machine(found)}
    changes = [*(_returned(change, since) for change in told), *_cases(rows, elsewhere)]
    changes.sort(key=lambda change: (_ORDER.index(change.kind), change.column))
    return Difference(
        old=before.name,
        new=after.name,
        old_entries=before.entries,
        new_entries=after.entries,
        changes=tuple(changes),
        circumstances=tuple(told for found in around.values() for told in found),
        compared=compared,
        since=since.runs,
    )


def _returned(change: Change, since: Since) -> Change:
    """A column that gave results before the earlier run is back, and not new."""
    run = since.runs.get(change.column)
    if change.kind is not ChangeKind.APPEARED or run is None:
        return change
    note = f"{change.note}, gave no result in the earlier run; compared with {run}, its last"
    return replace(change, kind=ChangeKind.RETURNED, note=note)


def _count(database: duckdb.DuckDBPyConnection, shared: list[str]) -> int:
    [(count,)] = database.execute(
        "SELECT count(*) FROM new WHERE grade IS NOT NULL AND name IN (SELECT unnest(?))", [shared]
    ).fetchall()
    return int(count)


def _columns(old: Side, new: Side) -> Iterator[Change]:
    reported = {family(name) for name, entry in new.entries.items() if not entry.missing}
    for name, entry in new.entries.items():
        before = old.entries.get(name)
        if entry.missing and not (before and before.missing):
            yield Change(kind=ChangeKind.MISSING, column=name, note=entry.missing)
        elif not entry.missing and not entry.compared and (before is None or before.compared):
            yield Change(kind=ChangeKind.SILENT, column=name, note=f"{entry.cases} cases")
        if not entry.missing and (before is None or before.missing):
            yield Change(kind=ChangeKind.APPEARED, column=name, note=entry.version)
    said = {name for name, entry in new.entries.items() if entry.missing}
    for name, entry in old.entries.items():
        if name in new.entries or entry.missing or family(name) in said:
            continue
        why = "others of its adapter did" if family(name) in reported else "nor did its adapter"
        yield Change(kind=ChangeKind.MISSING, column=name, note=f"did not report; {why}")


def _cases(rows: Iterable[tuple[Any, ...]], elsewhere: Container[str]) -> Iterator[Change]:
    """The changes of single outputs; a case that came or went is told once.

    Args:
        rows: Outputs that are other ones.
        elsewhere: Columns around which nothing but the machine differs.
    """
    whole: set[tuple[str, str, ChangeKind]] = set()
    for name, case, output, *rest in rows:
        old = _outcome(*rest[:4])
        new = _outcome(*rest[4:])
        kind = kind_of(old, new)
        if kind is None:
            continue
        if old is None or new is None:
            if (name, case, kind) not in whole:
                whole.add((name, case, kind))
                yield Change(kind=kind, column=name, case=case)
            continue
        if name in elsewhere and _is_of_machine(kind, new):
            note, kind = kind.value, ChangeKind.MACHINE
        else:
            note = ""
        yield Change(kind=kind, column=name, case=case, output=output, old=old, new=new, note=note)


def _is_of_machine(kind: ChangeKind, new: Outcome) -> bool:
    """Whether a change is no failure, and so harmless where nothing but the machine differs.

    A larger error or a worse grade is what other instructions cost (without fused multiply-add
    some sums are better by two grades), and a refusal is what the machine lacks.  A failure, what
    is gone and what was not run stay what they are: that another machine is to blame makes them no
    smaller.
    """
    refused = kind is ChangeKind.UNCOMPARED and new.status == Status.UNSUPPORTED
    return refused or kind in {ChangeKind.DRIFT, ChangeKind.WORSE}


def _outcome(status: Any, grade: Any, units: Any, reason: Any) -> Outcome | None:
    if status is None:
        return None
    return Outcome(status=status, grade=grade, units=units, reason=reason)


def kind_of(old: Outcome | None, new: Outcome | None) -> ChangeKind | None:
    """In which way one output changed; None where nobody need know.

    The rows that come here differ in status or grade, or their error grew.
    """
    if old is None or new is None:
        return ChangeKind.ADDED if old is None else ChangeKind.VANISHED
    if new.status in _REDS:
        return _while_red(old, new)
    if Status.FLAKY in (old.status, new.status):
        return _while_flaky(old, new)
    if new.status in _FAILING:
        return _while_expected(old, new)
    if old.grade is None or new.grade is None:
        return _while_uncompared(old, new)
    return ChangeKind.FIXED if old.status in _FAILING else _while_passing(old.grade, new.grade)


def _while_red(old: Outcome, new: Outcome) -> ChangeKind | None:
    if new.status == Status.UNEXPECTED_PASS and old.status in _FAILING - {new.status}:
        return ChangeKind.FIXED  # red until the expectation goes, and what it expected is mended
    return ChangeKind.NEW_FAILURE if old.status not in _REDS else None


def _while_passing(old: str, new: str) -> ChangeKind:
    if old == new:
        return ChangeKind.DRIFT
    return ChangeKind.WORSE if new > old else ChangeKind.BETTER


def _while_expected(old: Outcome, new: Outcome) -> ChangeKind | None:
    if old.status not in _FAILING:
        return ChangeKind.EXCUSED
    # Failing as before; how far it is off says nothing, but that it grew does.
    same = old.status == new.status and old.grade == new.grade
    return ChangeKind.DRIFT if same and old.grade is not None else None


def _while_flaky(old: Outcome, new: Outcome) -> ChangeKind | None:
    """What comes and goes says nothing while it does; that it begins or ends to do so is told."""
    if new.status == Status.FLAKY or new.status in _FAILING:
        return ChangeKind.EXCUSED if old.status != new.status else None
    return ChangeKind.UNCOMPARED if new.grade is None else ChangeKind.FIXED


def _while_uncompared(old: Outcome, new: Outcome) -> ChangeKind | None:
    if old.grade is None and new.grade is None:
        return None  # unsupported for another reason, or a crash that became unsupported
    if old.grade is not None:
        return ChangeKind.UNCOMPARED
    # A crash, a hang or an error that is over, expected or not, is mended.
    return ChangeKind.FIXED if old.status in _FAILING else ChangeKind.COMPARED
