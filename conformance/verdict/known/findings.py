"""What a run says about a file of expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.verdict.known.ends import is_active, version_of
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.expectations import Known, is_here
from conformance.verdict.known.outputs import Reported, Triple, spoken_of
from conformance.verdict.known.ranges import public_part

WILD = frozenset("*?[")
"""What makes a name a glob."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One entry held against a run.

    Attributes:
        entry: The entry.
        number: Its place in the file, from 1 on.
        active: Whether it speaks of the version that ran, and of its machine.
        version: The version that ran of the package that it speaks of.
        triples: All outputs that it matches, run or not.
        failed: Those that failed.
        passed: Those that passed.
    """

    entry: KnownFailure
    number: int
    active: bool
    version: str
    triples: frozenset[Triple]
    failed: frozenset[Triple]
    passed: frozenset[Triple]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A whole file held against a run.

    Attributes:
        held: Its entries, in their order.
        new: What failed and is not expected.
        unseen: Paths that entries name and that have no record.
        unexplained: What is degraded, and no table [[degraded]] tells why.
        idle: Places in the file, from 1 on, of such tables that explain nothing of what ran.
    """

    held: tuple[Held, ...]
    new: frozenset[Triple]
    unseen: tuple[str, ...]
    unexplained: frozenset[Triple] = frozenset()
    idle: tuple[int, ...] = ()

    @property
    def stale(self) -> tuple[Held, ...]:
        """Active entries of which something passed that does not come and go."""
        return tuple(h for h in self.held if h.active and h.passed and not h.entry.seen)

    @property
    def flaky(self) -> tuple[Held, ...]:
        """Active entries of what comes and goes."""
        return tuple(held for held in self.held if held.active and held.entry.seen)

    @property
    def dead(self) -> tuple[Held, ...]:
        """Entries that match no output of any case, active or not."""
        return tuple(held for held in self.held if not held.triples)


def find(
    known: Known, seen: Reported, due: Mapping[str, tuple[str, ...]], paths: tuple[str, ...] = ()
) -> Findings:
    """Hold a file against a run.

    Args:
        known: The file.
        seen: The run.
        due: Every case of the catalogue with the outputs that are due in it.
        paths: All paths of the adapter, if they are known; else those that have a record and
            those that entries name in full.

    Raises:
        ExpectationError: an entry has a version that is none.
    """
    named = {path for entry in known.entries for path in entry.paths if not WILD & set(path)}
    every = sorted(set(paths) or named | set(seen.paths))
    held = tuple(
        _held(known.file, number, entry, seen, spoken_of(entry, every, due))
        for number, entry in enumerate(known.entries, start=1)
    )
    expected = frozenset[Triple]().union(*(one.triples for one in held if one.active))
    explained = _explained(known, seen, every, due)
    return Findings(
        held=held,
        new=seen.failed - expected,
        unseen=tuple(path for path in every if path in named and path not in seen.paths),
        unexplained=seen.degraded.difference(*explained.values()),
        idle=tuple(n for n, triples in explained.items() if not triples & seen.degraded),
    )


def _explained(
    known: Known, seen: Reported, paths: list[str], due: Mapping[str, tuple[str, ...]]
) -> dict[int, frozenset[Triple]]:
    """What each table of degraded outputs speaks of in this run, by its place in the file."""
    spoken = {
        number: spoken_of(entry, set(paths) & set(seen.paths), due)
        for number, entry in enumerate(known.degraded, start=1)
        if is_active(known.file, entry, seen.version, seen.packages)
        and is_here(entry.where, seen.traits)
    }
    return {number: triples for number, triples in spoken.items() if triples}


def _held(
    file: Path, number: int, entry: KnownFailure, seen: Reported, triples: frozenset[Triple]
) -> Held:
    speaks = is_active(file, entry, seen.version, seen.packages)
    return Held(
        entry=entry,
        number=number,
        active=speaks and is_here(entry.where, seen.traits),
        version=public_part(version_of(file, entry, seen.version, seen.packages)),
        triples=triples,
        failed=triples & seen.failed,
        passed=triples & seen.passed,
    )
