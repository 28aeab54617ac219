"""Where among releases in their order an answer changes, with few of them asked.

The ends are asked first.  Where they agree the widest gaps are halved, a few times, to see whether
something else lies between; then every gap whose ends differ is halved until they are neighbours.
A release that cannot be asked (it does not install, or does not take the case) is passed over, and
named where it leaves open which of two releases brought the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

SCOUTS = 3
"""How many releases between ends that agree are asked, to see whether it was otherwise between."""


class Finding(StrEnum):
    """What a release gave."""

    RIGHT = "right"
    WRONG = "wrong"
    NOTHING = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One release that was asked.

    Attributes:
        version: The release.
        finding: What it gave.
        told: The outcome in words, or why there is none.
    """

    version: str
    finding: Finding
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Two releases between which the answer changes.

    Attributes:
        before: The last release that was asked before it.
        after: The first one after it.
        becomes: What it is from there on.
        open: Releases between the two that could not be asked.
    """

    before: str
    after: str
    becomes: Finding
    open: tuple[str, ...]


def bisect(
    versions: Sequence[str], ask: Callable[[str], Asked], *, scouts: int = SCOUTS
) -> tuple[Asked, ...]:
    """Ask as few releases as show every change that is found.

    Args:
        versions: The releases, the oldest first.
        ask: Asks one.
        scouts: How many are asked where both ends agree.

    Returns:
        Those that were asked, the oldest first.
    """
    known: dict[int, Asked] = {}
    for place in _to_ask(versions, known, scouts):
        known[place] = ask(versions[place])
    return tuple(known[place] for place in sorted(known))


def changes(asked: Sequence[Asked]) -> tuple[Change, ...]:
    """The changes that releases show, in their order."""
    answers = [place for place, one in enumerate(asked) if one.finding is not Finding.NOTHING]
    return tuple(
        Change(
            before=asked[a].version,
            after=asked[b].version,
            becomes=asked[b].finding,
            open=tuple(one.version for one in asked[a + 1 : b]),
        )
        for a, b in pairwise(answers)
        if asked[a].finding is not asked[b].finding
    )


def _to_ask(versions: Sequence[str], known: Mapping[int, Asked], scouts: int) -> Iterator[int]:
    """The places to ask, one after the other; each is known when the next is wanted."""
    for ends in (range(len(versions)), reversed(range(len(versions)))):
        for place in ends:
            if place not in known:
                yield place
            if known[place].finding is not Finding.NOTHING:
                break
    for _ in range(scouts):
        gaps = _gaps(known, differing=False)
        if not gaps or _differ(known):
            break
        yield _middle(max(gaps, key=len))
    while gaps := _gaps(known, differing=True):
        yield _middle(gaps[0])


def _answers(known: Mapping[int, Asked]) -> list[int]:
    return [p for p in sorted(known) if known[p].finding is not Finding.NOTHING]


def _differ(known: Mapping[int, Asked]) -> bool:
    return len({known[place].finding for place in _answers(known)}) > 1


def _gaps(known: Mapping[int, Asked], *, differing: bool) -> list[list[int]]:
    """What was not asked between two answers; those that differ, or those that agree."""
    found = []
    for a, b in pairwise(_answers(known)):
        between = [place for place in range(a + 1, b) if place not in known]
        if between and (known[a].finding is not known[b].finding) is differing:
            found.append(between)
    return found


def _middle(places: Sequence[int]) -> int:
    return places[len(places) // 2]
