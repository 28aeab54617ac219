"""By whose doing a column got worse: what four re-runs and five repeats say.

The pair of a column is its suite (a commit) and its framework (versions).  On one machine, today:

1. the new pair runs five times; if the bits differ among them, it is a flake;
2. if the new pair does not show what the new run showed, what was around that run did;
3. if the old pair now shows it too, neither suite nor framework changed it;
4. otherwise one of the two mixed pairs shows it, and with it the one that is to blame.

In 2 and 3 it is the machine, where the facts of that run's machine are others than here and no
package differs between the two runs; else the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from conformance.errors import ConformanceError
from conformance.harness.environment import here
from conformance.nights.diff.changes import WORSENING, Change, Difference, Outcome
from conformance.nights.diff.circumstances import elsewhere, framework_packages
from conformance.nights.history.entry import ColumnRun
from conformance.printable import cut

REPEATS = 5
"""How often the new pair runs; one that differs once in two is missed once in sixteen times."""

_EVIDENCE = 1500
"""How long it is told why a column could not be run again."""

CASES = 12
"""How many of the cases that changed are run again; those that grew most come first."""


class Origin(StrEnum):
    """Who changed a result."""

    SUITE = "suite"
    FRAMEWORK = "framework"
    MACHINE = "machine"
    ENVIRONMENT = "environment"
    FLAKE = "flake"
    BOTH = "suite and framework together"
    UNKNOWN = "unknown: it could not be run again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What a column is run with.

    Attributes:
        commit: The commit of the suite.
        packages: The framework's distributions to their versions.
    """

    commit: str
    packages: Mapping[str, str]

    def __str__(self) -> str:
        """Short, for a sentence."""
        named = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return f"suite {self.commit[:12] or 'as installed'} with {named}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reran:
    """What one output did in one re-run: the outcome, and a digest of its bits."""

    outcome: Outcome
    bits: str | None


Outcomes: TypeAlias = Mapping[tuple[str, str], Reran]
"""By case and output."""

Rerun: TypeAlias = Callable[[Pair, str, str, Sequence[str]], Outcomes]
"""Runs a pair's path (adapter, path) on some cases, now and here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """By whose doing a column got worse.

    Attributes:
        column: The column.
        cause: Who.
        evidence: What the re-runs showed, in a sentence.
        cases: The cases that were run again.
    """

    column: str
    cause: Origin
    evidence: str
    cases: tuple[str, ...]


def attribute(
    difference: Difference, rerun: Rerun, machine: Mapping[str, str] | None = None
) -> list[Attribution]:
    """Say by whose doing each column got worse, by running it again.

    Only outputs that both runs compared, or that fail now, can be run again; a column that did
    not report has no result to explain.

    Args:
        difference: What changed.
        rerun: Runs a pair on the machine at hand.
        machine: The facts of that machine; those of this process if None.
    """
    facts = here() if machine is None else machine
    unsure = {told.column for told in difference.circumstances if told.about == "environment"}
    worse: dict[str, list[Change]] = {}
    for change in difference.of(WORSENING):
        if change.output:
            worse.setdefault(change.column, []).append(change)
    return [
        _Inquiry(
            difference.old_entries[column],
            difference.new_entries[column],
            changes,
            rerun,
            # Where packages differ too, the machine alone cannot be named.
            {} if column in unsure else facts,
        ).answer()
        for column, changes in worse.items()
    ]


class _Inquiry:
    """One column: what changed in it, and the re-runs that were made so far."""

    def __init__(
        self,
        old: ColumnRun,
        new: ColumnRun,
        changes: Iterable[Change],
        rerun: Rerun,
        here: Mapping[str, str],
    ) -> None:
        ranked = sorted(changes, key=lambda change: -(change.factor or float("inf")))
        chosen = list(dict.fromkeys(change.case for change in ranked))[:CASES]
        self._changes = [change for change in ranked if change.case in chosen]
        self._old, self._new, self._cases, self._rerun = old, new, tuple(chosen), rerun
        self._here = here

    def answer(self) -> Attribution:
        """The verdict, or why there is none: one column costs the others nothing."""
        try:
            return self.verdict()
        except ConformanceError as error:
            return self._say(Origin.UNKNOWN, cut(str(error), _EVIDENCE))
        except OSError as error:
            return self._say(Origin.UNKNOWN, cut(f"the system said: {error}", _EVIDENCE))

    def verdict(self) -> Attribution:
        """Run what is needed, and no more."""
        repeats = [self._run(self._pair(self._new, self._new)) for _ in range(REPEATS)]
        unsteady = [c for c in self._changes if len({_bits(seen, c) for seen in repeats}) > 1]
        if unsteady:
            return self._say(
                Origin.FLAKE,
                f"{_name(unsteady[0])} had other bits in {REPEATS} runs of the same "
                f"{self._pair(self._new, self._new)}",
            )
        if not self._shows(repeats[0]):
            return self._around(
                self._new,
                f"{self._pair(self._new, self._new)} does not show it on this machine, in "
                f"{REPEATS} runs with equal bits",
            )
        if self._shows(self._run(self._pair(self._old, self._old))):
            return self._around(
                self._old,
                f"{self._pair(self._old, self._old)}, which did not show it then, shows it now",
            )
        return self._between()

    def _around(self, then: ColumnRun, evidence: str) -> Attribution:
        """Neither half of a pair did it: the machine of a run, if it differs, or its packages."""
        differs = elsewhere(then, self._here) if self._here else ()
        if not differs:
            return self._say(Origin.ENVIRONMENT, evidence)
        return self._say(Origin.MACHINE, f"{evidence}; that run had another {', '.join(differs)}")

    def _between(self) -> Attribution:
        """The old pair is right and the new one is not: which half does it?"""
        old, new = self._pair(self._old, self._old), self._pair(self._new, self._new)
        if old.commit == new.commit or old.packages == new.packages:
            cause = Origin.FRAMEWORK if old.commit == new.commit else Origin.SUITE
            if old == new:
                return self._say(Origin.FLAKE, f"{new} shows it in one run and not in another")
            return self._say(cause, f"{new} shows it and {old} does not")
        framework = self._pair(self._old, self._new)
        suite = self._pair(self._new, self._old)
        by_framework, by_suite = self._shows(self._run(framework)), self._shows(self._run(suite))
        if by_framework and not by_suite:
            return self._say(Origin.FRAMEWORK, f"{framework} shows it and {suite} does not")
        if by_suite and not by_framework:
            return self._say(Origin.SUITE, f"{suite} shows it and {framework} does not")
        both = "either half alone shows it" if by_suite else "neither half alone shows it"
        return self._say(Origin.BOTH, f"{new} shows it, {old} does not, and {both}")

    def _run(self, pair: Pair) -> Outcomes:
        return self._rerun(pair, self._new.adapter, self._new.path, self._cases)

    def _pair(self, suite: ColumnRun, framework: ColumnRun) -> Pair:
        names = framework_packages(framework)
        return Pair(
            commit=suite.environment.get("commit", ""),
            packages={n: v for n, v in framework.versions.items() if n in names},
        )

    def _shows(self, seen: Outcomes) -> bool:
        """Whether a re-run shows what the new run did, in most of what changed."""
        alike = sum(
            _is_new(change, seen.get((change.case, change.output))) for change in self._changes
        )
        return 2 * alike > len(self._changes)

    def _say(self, cause: Origin, evidence: str) -> Attribution:
        return Attribution(
            column=self._new.column, cause=cause, evidence=evidence, cases=self._cases
        )


def _is_new(change: Change, seen: Reran | None) -> bool:
    """Whether an output looks as it did in the new run rather than in the old one."""
    if seen is None or change.old is None or change.new is None:
        return False
    now, old, new = seen.outcome, change.old, change.new
    if (old.grade or old.status) != (new.grade or new.status):
        return (now.grade or now.status) == (new.grade or new.status)
    if not (now.units and old.units and new.units):
        return False
    # The same grade: the error grew, and lies nearer to one than to the other.
    return bool(now.units * now.units > old.units * new.units)


def _bits(seen: Outcomes, change: Change) -> str | None:
    found = seen.get((change.case, change.output))
    return found.bits if found else None


def _name(change: Change) -> str:
    return f"{change.case} {change.output}"
