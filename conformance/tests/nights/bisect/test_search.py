"""Tests of `nights.bisect.search`: every change is found, and few releases are asked."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.nights.bisect.search import Asked, Change, Finding, bisect, changes

OF = {"r": Finding.RIGHT, "w": Finding.WRONG, "-": Finding.NOTHING}


def named(count: int) -> list[str]:
    """Releases 0, 1, 2, ..."""
    return [str(number) for number in range(count)]


def asking(answers: str) -> Callable[[str], Asked]:
    """Gives what a letter for each release says; none may be asked twice."""
    left = dict(enumerate(answers))

    def ask(version: str) -> Asked:
        return Asked(version=version, finding=OF[left.pop(int(version))], told="-")

    return ask


def found(answers: str, scouts: int = 3) -> tuple[Change, ...]:
    """The changes that are found in releases with these answers."""
    return changes(bisect(named(len(answers)), asking(answers), scouts=scouts))


def test_one_change_is_found_between_neighbours() -> None:
    """Wherever it is, its two releases are those on either side."""
    for place in range(1, 20):
        (change,) = found("r" * place + "w" * (20 - place))
        assert change == Change(
            before=str(place - 1), after=str(place), becomes=Finding.WRONG, open=()
        )


def test_a_failure_that_came_and_went_has_both_ends() -> None:
    """Where the ends agree what lies between is looked at."""
    first, second = found("rrrrwwwwwwwrrrr")
    assert (first.after, first.becomes) == ("4", Finding.WRONG)
    assert (second.after, second.becomes) == ("11", Finding.RIGHT)


def test_what_cannot_be_asked_is_passed_over_and_named() -> None:
    """At the ends it is left out; between two answers it is told as open."""
    (change,) = found("--rr--ww-")
    assert change == Change(before="3", after="6", becomes=Finding.WRONG, open=("4", "5"))


@pytest.mark.parametrize("answers", ["rrrrrr", "wwwwww", "------", "--r---", "-r--r-"])
def test_no_change_is_none(answers: str) -> None:
    """Where all answers agree, or there is one or none."""
    assert found(answers) == ()


@given(st.integers(2, 400), st.data())
def test_few_are_asked(count: int, data: st.DataObject) -> None:
    """For one change no more than the ends and one for each time that the releases are halved."""
    place = data.draw(st.integers(1, count - 1))
    asked = bisect(named(count), asking("r" * place + "w" * (count - place)))
    assert len(asked) <= 2 + ceil(log2(count))


@given(st.text("rw-", min_size=1, max_size=40), st.integers(0, 4))
def test_what_is_told_is_true_of_the_releases(answers: str, scouts: int) -> None:
    """A change stands between two answers that differ, and nothing that answers lies between."""
    for change in found(answers, scouts):
        before, after = int(change.before), int(change.after)
        assert OF[answers[before]] is not OF[answers[after]] is change.becomes
        assert set(answers[before + 1 : after]) <= {"-"}
        assert [int(version) for version in change.open] == list(range(before + 1, after))
