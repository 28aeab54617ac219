"""What may have changed between two runs, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from conformance.nights.history.entry import ColumnRun

FACTOR = 2.0
"""By how much an error must grow to be a drift, if nobody says otherwise."""

FLOOR = 1.0
"""Errors below this many units are the luck of one rounding, and no drift."""


class ChangeKind(StrEnum):
    """In which way an output, a case or a column changed; every change is of one kind."""

    NEW_FAILURE = "new-failure"
    MISSING = "missing-column"
    SILENT = "silent-column"
    VANISHED = "vanished-case"
    UNCOMPARED = "no-longer-compared"
    WORSE = "worse-grade"
    DRIFT = "drift"
    MACHINE = "another-machine"
    EXCUSED = "newly-expected"
    BETTER = "better-grade"
    FIXED = "fixed"
    COMPARED = "newly-compared"
    ADDED = "new-case"
    RETURNED = "returned-column"
    APPEARED = "new-column"


MEANINGS: Mapping[ChangeKind, str] = {
    ChangeKind.NEW_FAILURE: "fails now and did not",
    ChangeKind.MISSING: "columns that did not report",
    ChangeKind.SILENT: "columns that reported and compared nothing",
    ChangeKind.VANISHED: "cases that are gone",
    ChangeKind.UNCOMPARED: "compared before and not now",
    ChangeKind.WORSE: "a worse grade, no failure",
    ChangeKind.DRIFT: "the same grade, a larger error",
    ChangeKind.MACHINE: "no failure, and nothing but the machine differs",
    ChangeKind.EXCUSED: "fails now, as an expectation says that was not needed before",
    ChangeKind.BETTER: "a better grade",
    ChangeKind.FIXED: "failed and passes now",
    ChangeKind.COMPARED: "compared now and not before",
    ChangeKind.ADDED: "cases that are new",
    ChangeKind.RETURNED: "columns that are back, compared with their last result",
    ChangeKind.APPEARED: "columns that are new",
}
"""What each kind means, in the order in which a reader wants them."""

WORSENING = frozenset(
    {
        ChangeKind.NEW_FAILURE,
        ChangeKind.MISSING,
        ChangeKind.SILENT,
        ChangeKind.VANISHED,
        ChangeKind.UNCOMPARED,
        ChangeKind.WORSE,
        ChangeKind.DRIFT,
    }
)
"""Kinds that nobody may miss: a difference that holds one of them exits with 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out of one output in one run.

    Attributes:
        status: Its status.
        grade: Its grade; None where nothing was compared.
        units: Its largest error in error units; None where no figure measures it.
        reason: Why it is no plain pass.
    """

    status: str
    grade: str | None = None
    units: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        kind: In which way.
        column: The column.
        case: The case; empty where the whole column changed.
        output: The output; empty where the whole case changed.
        old: What it was; None where there was nothing.
        new: What it is; None where there is nothing.
        note: What else there is to say.
    """

    kind: ChangeKind
    column: str
    case: str = ""
    output: str = ""
    old: Outcome | None = None
    new: Outcome | None = None
    note: str = ""

    @property
    def factor(self) -> float | None:
        """By how much the error grew; None where one of the two is no positive figure."""
        if not (self.old and self.new and self.old.units and self.new.units):
            return None
        return self.new.units / self.old.units


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """What differs around a column: a version, the suite, the machine.

    Attributes:
        column: The column.
        about: ``"framework"``, ``"suite"``, ``"machine"`` or ``"environment"``: packages, Python.
        name: What differs, such as ``"torch"`` or ``"processor"``.
        old: What it was.
        new: What it is.
    """

    column: str
    about: str
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that changed between two runs.

    Attributes:
        old: Name of the earlier run, or where its records lie.
        new: Name of the later run, the same way.
        old_entries: Columns of the earlier run, by name.
        new_entries: Columns of the later run, by name.
        changes: Every change, worst kind first, then by column and in the catalogue's order.
        circumstances: What differs around the columns that reported in both runs.
        compared: How many outputs of columns in both runs were held against each other.
        since: Columns that gave no result in the earlier run, each with the run before it that
            was compared instead: the last in which it gave one.
    """

    old: str
    new: str
    old_entries: Mapping[str, ColumnRun]
    new_entries: Mapping[str, ColumnRun]
    changes: tuple[Change, ...]
    circumstances: tuple[Circumstance, ...] = field(default=())
    compared: int
    since: Mapping[str, str] = field(default_factory=dict)

    @property
    def worse(self) -> bool:
        """Whether anything got worse."""
        return any(change.kind in WORSENING for change in self.changes)

    def of(self, kinds: Iterable[ChangeKind]) -> list[Change]:
        """The changes of some kinds."""
        wanted = set(kinds)
        return [change for change in self.changes if change.kind in wanted]
