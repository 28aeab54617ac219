"""Single outputs as groups."""

from __future__ import annotations

from random import Random

import pytest

from conformance.verdict.due import due_outputs
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.grouping import groups, patterns
from conformance.verdict.known.outputs import Triple, spoken_of

DUE = due_outputs()
PATHS = ("one", "two", "three")
EVERY = [(path, case, output) for path in PATHS for case, due in DUE.items() for output in due]


def held(triples: set[Triple]) -> list[frozenset[Triple]]:
    """What each group of some outputs matches, as an entry of a file would."""
    return [
        spoken_of(
            KnownFailure(paths=group.paths, cases=group.cases, outputs=group.outputs, reason="-"),
            PATHS,
            DUE,
        )
        for group in groups(triples, DUE)
    ]


@pytest.mark.parametrize("part", [0.001, 0.05, 0.6, 1.0])
def test_groups_hold_what_they_are_given_and_nothing_else(part: float) -> None:
    """Whatever outputs failed, their groups match these, each once, and no other."""
    draw = Random(7)  # noqa: S311 - to be repeatable, not secret
    some = {triple for triple in EVERY if draw.random() < part}
    found = held(some)
    assert frozenset[Triple]().union(*found) == some
    assert sum(map(len, found)) == len(some)


def test_groups_depend_on_nothing_but_the_outputs() -> None:
    """The order in which outputs are told changes no group."""
    some = [triple for triple in EVERY if triple[1].startswith("offset/")][::3]
    assert list(groups(some, DUE)) == list(groups(reversed(some), DUE))


def test_outputs_that_are_not_due_divide_no_group() -> None:
    """Cases that owe different outputs share a group where all that they owe failed."""
    train = [case for case in DUE if case.startswith("empty/train")]
    (group,) = groups({("one", case, output) for case in train for output in DUE[case]}, DUE)
    assert group.cases == ("empty/train-*",)


@pytest.mark.parametrize(
    ("wanted", "globs"),
    [
        (["a/x-1", "a/x-2", "a/y"], ("a/*",)),
        (["a/x-1", "a/x-2"], ("a/x-*",)),
        (["a/x-1", "b/x-1"], ("a/x-1", "b/x-1")),
        (["a/x-1", "a/y"], ("a/x-1", "a/y")),
        (["b/x-1", "b/y-1"], ("b/*-1",)),
    ],
)
def test_patterns_match_what_is_wanted_alone(wanted: list[str], globs: tuple[str, ...]) -> None:
    """A glob is written where it matches several wanted cases and no other of the catalogue."""
    catalogue = ["a/x-1", "a/x-2", "a/y", "b/x-1", "b/x-1-2", "b/y-1"]
    assert patterns(wanted, catalogue) == globs
