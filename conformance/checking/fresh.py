"""Cases that nobody has seen: recipes of public ones, drawn anew from a secret seed.

A kernel that knows the public cases by their values does not know these; one that is right is
right on both, since the bounds come from an analysis and not from the values.  They have the
shapes, types and kinds of values of public cases and come in between them, and they are solved
once the answer is in, so nothing tells a kernel which is which, but that it knows the public ones.

Every class of the run has its share of them: every scope (axes, types, mode, layout) but those
that only combinations have, every order of magnitude of the number of values, every group of the
catalogue.  A kernel that answers wrongly
on a share p of what is drawn for a class of n fresh cases is caught with 1 - (1 - p)**n.
"""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance import layout
from conformance.case import LIMIT, Problem
from conformance.cases import catalogue, golden
from conformance.cases.catalogue import pairs
from conformance.cases.catalogue.recipe import CaseRow, problem
from conformance.cases.catalogue.stream import Stream
from conformance.cases.golden import CaseEntry
from conformance.checking.report import Fresh
from conformance.checking.trial import FRESH
from conformance.verdict.record import (
    COUNTED_APART,
    HELD,
    RED,
    CaseResult,
    OutputResult,
    Status,
    fails_anew,
    is_wrong,
)

LEAST = {"smoke": 1, "standard": 4, "large": 4}
"""How many fresh cases each class of a tier has, if the kernel takes them."""

_KINDS = ("scope", "size", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A fresh case before it is solved.

    Attributes:
        public: Id of the public case whose recipe it has.
        problem: What is asked.
        classes: What it stands for: a size, a group, and a scope if it is no combination.
    """

    public: str
    problem: Problem
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The fresh cases of a run.

    Attributes:
        seed: What they are drawn from, in hex.
        given: Whether the seed was given: a kernel may then know it.
        questions: What is asked.
        places: For each question before which of the public cases it comes.
    """

    seed: str = ""
    given: bool = False
    questions: tuple[Question, ...] = ()
    places: tuple[int, ...] = ()


def draw(ids: Sequence[str], tier: str, seed: str | None = None) -> Drawn:
    """Fresh cases from the recipes of some public ones.

    Args:
        ids: The public cases of the run.
        tier: Decides how many each class has.
        seed: Repeats those of an earlier run; None draws from a secret seed.
    """
    given, seed = seed is not None, seed or secrets.token_hex(16)
    questions = _questions(ids, seed, first=0, least=LEAST[tier], have=Counter())
    where = Stream(f"{seed}/places").words(len(questions)) % (len(ids) + 1)
    return Drawn(
        seed=seed, given=given, questions=questions, places=tuple(int(place) for place in where)
    )


def more(
    drawn: Drawn,
    tier: str,
    secret: Iterable[tuple[Question, CaseResult]],
    public: Iterable[CaseResult],
) -> tuple[Question, ...]:
    """What is still to be asked so that each class has its share: the kernel refused some.

    Args:
        drawn: What was drawn.
        tier: As for `draw`.
        secret: What came of it.
        public: What came of the public cases.
    """
    taken = [r.case for r in public if not _is_wrong(r) and _was_told(r)]
    have = Counter(each for q, r in secret if _was_told(r) for each in q.classes)
    return _questions(taken, drawn.seed, first=LEAST[tier], least=LEAST[tier], have=have)


def siblings(
    drawn: Drawn, public: Iterable[CaseResult], *, number: int, most: int
) -> tuple[Question, ...]:
    """More fresh cases of the public ones that a kernel took, where these are few.

    Args:
        drawn: What was drawn; none of it comes again.
        public: What came of the public cases.
        number: Which turn this is, from 0.
        most: How many at most.
    """
    taken = {r.case for r in public if r.status not in RED and _was_told(r)}
    rows = [(group, row) for group, row in catalogue.rows() if f"{group}/{row.name}" in taken]
    first = 2 * max(LEAST.values()) + number
    return tuple(_question(*row, first, drawn.seed) for row in rows[:most])


def _questions(
    ids: Iterable[str], seed: str, *, first: int, least: int, have: Counter[str]
) -> tuple[Question, ...]:
    """Rows until each class has its share, drawn under the numbers from `first` on.

    Rare classes come first, and of the rows of one that which counts for most others too.
    """
    wanted = set(ids)
    rows = [(group, row) for group, row in catalogue.rows() if f"{group}/{row.name}" in wanted]
    entries = golden.manifest().entries
    classes = [_classes(group, row, entries) for group, row in rows]
    members: dict[str, list[int]] = {}
    for i, mine in enumerate(classes):
        for each in mine:
            members.setdefault(each, []).append(i)
    chance = Stream(f"{seed}/choice/{first}").words(len(rows)).tolist()
    lacking = Counter({each: least - have[each] for each in members})
    found = []
    for number in range(first, first + least):
        left = set(range(len(rows)))
        for each in sorted(members, key=lambda each: (len(members[each]), each)):
            while lacking[each] > 0 and (able := left.intersection(members[each])):
                i = max(able, key=lambda i: (sum(lacking[c] > 0 for c in classes[i]), chance[i]))
                left.remove(i)
                lacking.subtract(classes[i])
                found.append(_question(*rows[i], number, seed))
    return tuple(found)


def _classes(group: str, row: CaseRow, entries: Mapping[str, CaseEntry]) -> tuple[str, ...]:
    entry = entries[f"{group}/{row.name}"]
    values = math.prod(row.recipe.shape)
    classes = (f"size {len(str(values)) if values else 0}", f"group {group}")
    if group == pairs.GROUP:
        return classes
    masked = row.recipe.mask is not None
    scope = layout.kind(len(row.recipe.shape), entry.dtype, entry.mode, entry.layout, masked=masked)
    return f"scope {scope}", *classes


def _question(group: str, row: CaseRow, number: int, seed: str) -> Question:
    public = f"{group}/{row.name}"
    # The name decides the values; what is shown is short, and the seed is told once.  A limit below
    # the usual one is for the public values alone.
    name = f"{row.name}{FRESH}{number}{FRESH}{seed}"
    made = problem(group, replace(row, name=name, limit=LIMIT))
    return Question(
        public=public,
        problem=replace(made, id=f"{public}{FRESH}{number}"),
        classes=_classes(group, row, golden.manifest().entries),
    )


def compared(
    drawn: Drawn, secret: Iterable[tuple[Question, CaseResult]], public: Iterable[CaseResult]
) -> Fresh:
    """Hold fresh cases against their public siblings.

    Args:
        drawn: What they were drawn from.
        secret: What came of each.
        public: What came of the public cases.
    """
    known, fresh = {r.case: r for r in public}, list(secret)
    disagree = [(q.public, r) for q, r in fresh if _disagree(r, known[q.public])]
    told = [q for q, r in fresh if _was_told(r)]
    counts = Counter(each for question in told for each in question.classes)
    least = min(counts.values(), default=0)
    return Fresh(
        seed=drawn.seed,
        given=drawn.given,
        cases=len(fresh),
        compared=len(told),
        disagree=tuple(name for name, _ in disagree),
        results=tuple(result for _, result in disagree),
        classes={kind: sum(c.startswith(f"{kind} ") for c in counts) for kind in _KINDS},
        least=least,
        odds=1 - 0.5**least,
    )


def _disagree(fresh: CaseResult, public: CaseResult) -> bool:
    """Whether a kernel fails, or refuses, what it has not seen, and not what it has."""
    if _is_wrong(public):
        return False  # it does not conform as it is
    for name, result in fresh.outputs.items():
        if fails_anew(result):
            return True
        seen = public.outputs.get(name)
        if result.status is Status.UNSUPPORTED and seen is not None and _is_told(seen):
            return True
    return False


def _is_wrong(case: CaseResult) -> bool:
    return any(map(is_wrong, case.outputs.values()))


def _was_told(case: CaseResult) -> bool:
    return any(_is_told(output) for output in case.outputs.values())


def _is_told(output: OutputResult) -> bool:
    """Whether an output was held against an expected value, or failed before it could be."""
    return output.status in HELD - COUNTED_APART


def notes(fresh: Fresh) -> tuple[str, ...]:
    """What a reader must know of fresh cases beside their count."""
    said = []
    if fresh.disagree:
        said.append(
            f"{len(fresh.disagree)} of {fresh.cases} fresh cases fail or are refused where their "
            "public siblings pass: its error depends on the values, or it knows the public cases "
            "by value"
        )
    if fresh.given:
        said.append(
            "the seed of the fresh cases was given, so they are as public as the others: a verdict "
            "for others to trust needs a secret one"
        )
    return tuple(said)


def promise(fresh: Fresh) -> str:
    """What the fresh cases promise, in a sentence; empty where there are none that count."""
    if not fresh.least or fresh.disagree:
        return ""
    classes = ", ".join(f"{fresh.classes[kind]} {kind}s" for kind in _KINDS)
    return (
        f"{fresh.least} or more in each of {classes}: who knows the public answers by heart and is "
        f"wrong on a share p of the rest of one is caught with 1 - (1 - p)^{fresh.least}, "
        f"{fresh.odds:.1%} for a half; seed {fresh.seed}"
    )
