"""What differs around a column in two runs: framework, suite, machine, everything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conformance.harness.environment import MACHINE
from conformance.nights.diff.changes import Circumstance
from conformance.nights.history.entry import ColumnRun

_ADDED = frozenset({"cpu_features", "switches", "lacking", "traits"})
"""Facts that records of earlier versions do not tell: where they are absent they are unknown."""

_LISTS = frozenset({"packages", "cpu_features"})
"""Facts that are lists of words, of which the difference is told."""

_FOUND = frozenset({"lacking", "traits"})
"""What was found by trying: it follows from the machine, and is no evidence of another one."""


def circumstances(old: ColumnRun, new: ColumnRun) -> tuple[Circumstance, ...]:
    """Everything that is told of both runs of a column and differs."""
    return tuple(
        Circumstance(column=new.column, about=about, name=name, old=before, new=after)
        for about, name, before, after in _facts(old, new)
        if before != after
    )


def only_machine(found: Iterable[Circumstance]) -> bool:
    """Whether another machine is all that can have changed a result."""
    found = list(found)
    return all(told.about == "machine" for told in found) and any(
        told.name not in _FOUND for told in found
    )


def elsewhere(entry: ColumnRun, here: Mapping[str, str]) -> tuple[str, ...]:
    """In which facts the machine of a run differs from another, as far as the run tells them.

    Args:
        entry: The run.
        here: The facts of the other machine, as `harness.environment.here` tells them.
    """
    told = [name for name in MACHINE if name in entry.environment]
    if "settings" not in told and _tells(entry):
        told.append("settings")  # that none was set is a fact too
    # The switches are the path's own on every machine.
    return tuple(
        name
        for name in told
        if name != "switches" and entry.environment.get(name, "") != here.get(name, "")
    )


def framework_packages(entry: ColumnRun) -> set[str]:
    """The distributions that make the framework of a column: those before the suite's own."""
    names = list(entry.versions)
    return set(names[: names.index("conformance")] if "conformance" in names else names[:1])


def _facts(old: ColumnRun, new: ColumnRun) -> Iterator[tuple[str, str, str, str]]:
    """What a fact is about, its name, what it was and what it is."""
    framework = framework_packages(old) | framework_packages(new)
    for name in dict.fromkeys([*old.versions, *new.versions]):
        about = "framework" if name in framework else "environment"
        about = "suite" if name == "conformance" else about
        yield about, name, old.versions.get(name, ""), new.versions.get(name, "")
    yield "suite", "catalogue", old.catalogue[:12], new.catalogue[:12]
    yield "machine", "device", old.device, new.device
    known = old.environment and new.environment  # records of earlier versions tell none
    for name in dict.fromkeys([*old.environment, *new.environment] if known else []):
        yield from _environment(name, old, new)


def _environment(name: str, old: ColumnRun, new: ColumnRun) -> Iterator[tuple[str, str, str, str]]:
    before, after = old.environment.get(name, ""), new.environment.get(name, "")
    if name in _ADDED and not (_tells(old) and _tells(new)):
        return
    if name in _LISTS:
        before, after = _only(before, after, ignore={*old.versions, *new.versions})
    about = "machine" if name in {*MACHINE, *_FOUND} else "environment"
    yield "suite" if name == "commit" else about, name, before, after


def _tells(entry: ColumnRun) -> bool:
    """Whether the record of a run tells all facts of the machine."""
    return not _ADDED.isdisjoint(entry.environment)


def _only(old: str, new: str, ignore: set[str]) -> tuple[str, str]:
    """Of two lists what only one of them has."""
    before, after = (
        {p for p in text.split() if p.split("==")[0] not in ignore} for text in (old, new)
    )
    return " ".join(sorted(before - after)), " ".join(sorted(after - before))
