"""What the outcomes say: a score for each group, and what is not as the list of survivors says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mutation.key import Key

KINDS = ("equivalent", "accepted")
"""Survivors that no test can notice, and those that none need."""


@dataclass(frozen=True, slots=True)
class Score:
    """One group.

    Attributes:
        name: Its name.
        mutants: How many there are.
        equivalent: How many of them are listed as equivalent.
        noticed: How many of the others made a test fail.
        new: Those that survived and are not listed.
        stale: Those that are listed and were noticed, or are no mutants any more.
    """

    name: str
    mutants: int
    equivalent: int
    noticed: int
    new: tuple[Key, ...]
    stale: tuple[Key, ...]

    @property
    def part(self) -> float:
        """The noticed among those that are not equivalent; 1 where there are none."""
        due = self.mutants - self.equivalent
        return self.noticed / due if due else 1.0

    def holds(self, needed: float) -> bool:
        """Whether enough was noticed and the list says what is."""
        return self.part >= needed and not self.new and not self.stale


def listed(file: Path) -> dict[Key, str]:
    """The survivors that a file lists, with their kind.

    Raises:
        ValueError: an entry has no reason, or is listed twice.
    """
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    found: dict[Key, str] = {}
    for kind in KINDS:
        for entry in content.get(kind, ()):
            if not str(entry.get("reason", "")).strip():
                raise ValueError(f"{file}: {entry} has no reason. Say why no test notices it.")
            for line, becomes in entry["edits"]:
                key = Key(entry["module"], entry.get("where", ""), line, becomes)
                if key in found:
                    raise ValueError(f"{file} lists this twice, remove one of them:\n{key}")
                found[key] = kind
    return found


def score(
    name: str, modules: Iterable[str], survived: Mapping[Key, bool], known: Mapping[Key, str]
) -> Score:
    """The score of a group.

    Args:
        name: Its name.
        modules: Its files.
        survived: Every mutant of them, and whether it survived.
        known: The survivors that are listed.
    """
    modules = set(modules)
    mine = {key: kind for key, kind in known.items() if key.module in modules}
    lasting = {key for key, survives in survived.items() if survives}
    equivalent = {key for key in lasting if mine.get(key) == "equivalent"}
    return Score(
        name=name,
        mutants=len(survived),
        equivalent=len(equivalent),
        noticed=len(survived) - len(lasting),
        new=tuple(sorted(lasting - mine.keys())),
        stale=tuple(sorted(mine.keys() - lasting)),
    )
