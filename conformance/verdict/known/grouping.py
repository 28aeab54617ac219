"""Many single outputs as few groups: paths times cases times outputs, cases by pattern."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TypeAlias

from conformance.arrays import OUTPUT_NAMES
from conformance.verdict.known.outputs import Triple

_Pairs: TypeAlias = frozenset[tuple[str, str]]
"""Paths with an output each, of one case."""

_Shape: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]
"""Paths and outputs; a group is a shape and its cases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Every output of these that is due.

    Attributes:
        paths: Names of paths, sorted.
        cases: Ids of cases, or globs that match such cases alone, sorted.
        outputs: Names of outputs, in the order of every report.
    """

    paths: tuple[str, ...]
    cases: tuple[str, ...]
    outputs: tuple[str, ...]


def groups(triples: Iterable[Triple], due: Mapping[str, Iterable[str]]) -> Iterator[Group]:
    """Groups that hold all `triples` and nothing else that is due, the largest first.

    The same triples give the same groups in the same order.

    Args:
        triples: What they are to hold.
        due: Every case of the catalogue with the outputs that are due in it.
    """
    left: dict[str, _Pairs] = _by_case(triples)
    owed = {case: frozenset(due[case]) for case in left}
    while left:
        shape, cases = max(
            ((shape, _fitting(shape, left, owed)) for shape in _shapes(left)),
            key=lambda found: (sum(map(len, found[1].values())), found[0]),
        )
        for case, pairs in cases.items():
            left[case] -= pairs
        left = {case: pairs for case, pairs in left.items() if pairs}
        used = {output for pairs in cases.values() for _, output in pairs}
        yield Group(
            paths=shape[0],
            cases=patterns(cases, due),
            outputs=tuple(name for name in OUTPUT_NAMES if name in used),
        )


def patterns(cases: Iterable[str], catalogue: Iterable[str]) -> tuple[str, ...]:
    """Globs and ids that match exactly `cases` of the `catalogue`, sorted; few, and no two alike.

    Globs leave out whole words of an id: ``offset/*``, ``offset/rows-*``, ``offset/*-float32``.
    """
    wanted, known, found = set(cases), list(catalogue), []
    left = set(wanted)
    for glob, matched in _exact_globs(wanted, known):
        if len(matched & left) > 1 and not matched - left:
            found.append(glob)
            left -= matched
    return tuple(sorted([*found, *left]))


def _by_case(triples: Iterable[Triple]) -> dict[str, _Pairs]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for path, case, output in triples:
        found[case].add((path, output))
    return {case: frozenset(pairs) for case, pairs in sorted(found.items())}


def _shapes(left: Mapping[str, _Pairs]) -> set[_Shape]:
    """The shapes that the cases suggest: paths that share their outputs."""
    found: set[_Shape] = set()
    for pairs in left.values():
        outputs: dict[str, set[str]] = defaultdict(set)
        for path, output in pairs:
            outputs[path].add(output)
        ordered = sorted((tuple(sorted(names)), path) for path, names in outputs.items())
        for names, members in groupby(ordered, key=lambda item: item[0]):
            found.add((tuple(path for _, path in members), names))
    return found


def _fitting(
    shape: _Shape, left: Mapping[str, _Pairs], owed: Mapping[str, frozenset[str]]
) -> dict[str, _Pairs]:
    """The cases that a shape fits, with what of each it holds: all that is due there."""
    paths, outputs = shape
    found = {}
    for case, pairs in left.items():
        held = frozenset((path, name) for path in paths for name in outputs if name in owed[case])
        if held and held <= pairs:
            found[case] = held
    return found


def _exact_globs(wanted: set[str], known: Iterable[str]) -> list[tuple[str, set[str]]]:
    """Globs that match two or more of the wanted ids and no other, the widest first."""
    every = list(known)
    found = []
    for glob in sorted({glob for case in wanted for glob in _globs(case)}):
        matched = {case for case in every if fnmatchcase(case, glob)}
        if len(matched) > 1 and matched <= wanted:
            found.append((glob, matched))
    return sorted(found, key=lambda item: (-len(item[1]), len(item[0]), item[0]))


def _globs(case: str) -> Iterator[str]:
    """An id with some words in a row left out."""
    group, _, rest = case.partition("/")
    words = rest.split("-")
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            yield f"{group}/{'-'.join([*words[:start], '*', *words[end:]])}"
