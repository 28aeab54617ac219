"""What the diagnosis says of kernels whose faults are known: right, a part, nothing, or wrong.

Every fault of the dictionary alone, and pairs of them drawn from a fixed seed, go through cases of
every group as a path would; the names that come out are held to those that went in.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from conformance.adapter import Path
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Dialect, Kernel
from conformance.faults import FAULTS
from conformance.faults.diagnosis import diagnose
from conformance.faults.fault import at_once
from conformance.faults.sheet import kernel
from conformance.harness import worker
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.power.suspects import EVERYTHING
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence, spread_over_groups
from conformance.verdict.record import SEVERITY, OutputResult, Status
from conformance.verdict.ruler import spread

PAIRS = 200
SEED = 2015
"""How many pairs are drawn, and from which seed."""

_CASES = 120
_LARGEST = 512
"""Of so many cases, of at most so many values, each group has its share."""

Subject: TypeAlias = tuple[str, ...]
"""Ids of the faults that a kernel has."""


class Outcome(Enum):
    """What a diagnosis is worth, beside the faults that are in the kernel."""

    RIGHT = "right"
    PART = "part"
    SILENT = "silent"
    WRONG = "wrong"


def subjects(most: int = PAIRS) -> list[Subject]:
    """Every fault that can be seen, alone, then the first pairs of `PAIRS`, `most` at most."""
    seen = [f for f in FAULTS.values() if not f.accepted and set(f.touches) & {*OUTPUT_NAMES}]
    usual = [f.id for f in seen if f.dialect == Dialect() and not f.lots]
    chance = random.Random(SEED)  # noqa: S311 - repeatable on purpose
    pairs: dict[Subject, None] = {}
    while len(pairs) < min(most, PAIRS):
        pairs[tuple(sorted(chance.sample(usual, 2)))] = None
    return [*((fault.id,) for fault in seen), *pairs]


def examine(subject: Subject) -> tuple[Subject, Outcome, list[str]]:
    """The names that a kernel with these faults is given."""
    faults = [FAULTS[fault] for fault in subject]
    (first, *others) = faults
    dialect = first.dialect
    if others:
        evidence = _evidence(kernel(at_once(faults)[0]), dialect)
    else:
        second = first.by_chance(1) if first.lots else None
        evidence = _evidence(first.kernel, dialect, second)
    found = diagnose(evidence, dialect, matrix.predictions(dialect))
    return subject, outcome(subject, found), named(found)


def named(found: Iterable[Diagnosis]) -> list[str]:
    """All names that a diagnosis gives."""
    return sorted({name for f in found if f.fault for name in (f.fault, *f.together)})


def outcome(subject: Subject, found: Sequence[Diagnosis]) -> Outcome:
    """What a diagnosis is worth.

    A name that is none of the kernel's is wrong, unless what it says cannot be told apart from
    a fault that the kernel has, and it says that too.
    """
    names = set(named(found))
    astray = (f for f in found if f.fault and {f.fault, *f.together} - {*subject})
    if any(not {*f.also} & {*subject} for f in astray):
        return Outcome.WRONG
    if names == {*subject}:
        return Outcome.RIGHT
    return Outcome.PART if names else Outcome.SILENT


def account(found: Iterable[tuple[Subject, Outcome, list[str]]]) -> dict[str, Any]:
    """All outcomes, counted for single faults and for pairs, and those that are wrong."""
    counts = {1: Counter[str](), 2: Counter[str]()}
    wrong: dict[str, list[str]] = {}
    for subject, came, names in found:
        counts[len(subject)][came.value] += 1
        if came is Outcome.WRONG:
            wrong[" + ".join(subject)] = names
    counted = {n: {o.value: counts[n][o.value] for o in Outcome} for n in counts}
    return {"single": counted[1], "pairs": counted[2], "wrong": dict(sorted(wrong.items()))}


@cache
def _places() -> tuple[int, ...]:
    """Where the cases stand in the catalogue that the kernels are held to."""
    small = [
        Evidence(case=case, actual={}, results={})
        for case in matrix.cases()
        if case.inputs.x.size <= _LARGEST
    ]
    random.Random(SEED).shuffle(small)  # noqa: S311 - neighbours in a group are much alike
    chosen = {e.case.id for e in spread_over_groups(small)[:_CASES]}
    return tuple(i for i, case in enumerate(matrix.cases()) if case.id in chosen)


def _evidence(run: Kernel, dialect: Dialect, second: Kernel | None = None) -> list[Evidence]:
    paths = [
        Path(name="named", about="", run=each, dialect=dialect, capabilities=EVERYTHING)
        for each in (run, second)
        if each is not None
    ]
    found = (_on(paths, i) for i in _places())
    return [evidence for evidence in found if evidence is not None]


def _on(paths: Sequence[Path], place: int) -> Evidence | None:
    case, measure = matrix.cases()[place], matrix.ruler(paths[0].dialect, place)
    answers = [worker.run(path, laid_out(case.inputs)) for path in paths]
    for header in (header for header, _ in answers if header["status"] != "ok"):
        if header["status"] != "error":
            return None
        results = spread(Status.ERROR, header["reason"], measure.due)
        return Evidence(case=case, actual={}, results=results)
    (_, first), (_, other) = answers[0], answers[-1]
    judged, again = measure.judge(first), measure.judge(other)
    results = {name: min(judged[name], again[name], key=_badness) for name in judged}
    differing = {n: v for n, v in other.items() if v.tobytes() != first[n].tobytes()}
    return Evidence(case=case, actual=first, results=results, again=differing)


def _badness(result: OutputResult) -> int:
    return SEVERITY.index(result.status)
