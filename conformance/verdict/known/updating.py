"""Entries brought up to date with a run: nothing is deleted, and no reason is invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from packaging.specifiers import SpecifierSet

from conformance.verdict.known.entry import KnownFailure, Why
from conformance.verdict.known.expectations import Known
from conformance.verdict.known.findings import Findings, Held
from conformance.verdict.known.grouping import Group, groups
from conformance.verdict.known.outputs import Triple
from conformance.verdict.known.ranges import widened


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """All that one `Why` explains: outputs, and entries that match none and stay as they are."""

    triples: set[Triple] = field(default_factory=set)
    dead: list[KnownFailure] = field(default_factory=list)


def update(
    known: Known,
    findings: Findings,
    due: Mapping[str, tuple[str, ...]],
    version: str,
    *,
    new: Iterable[Triple] = (),
    why: Why | None = None,
) -> list[tuple[Why, Group]]:
    """The entries as they are to be written, each with why.

    Args:
        known: The file.
        findings: What a run says about it.
        due: Every case of the catalogue with the outputs that are due in it.
        version: The version that ran.
        new: New failures that are explained.
        why: Their cause or reason.
    """
    kinds = _kinds(known, findings)
    if why is not None and new:
        _explain(kinds, set(new), why, version)
    return [
        (kind, group)
        for kind, held in kinds.items()
        for group in (*groups(held.triples, due), *map(_as_it_is, held.dead))
    ]


def _kinds(known: Known, findings: Findings) -> dict[Why, _Kind]:
    """What the entries explain now; what has passed is told apart and marked."""
    kinds: dict[Why, _Kind] = {}
    for held in findings.held:
        why = _why(known, held)
        kind = _insert(kinds, why)
        gone = held.passed if held.active and not held.entry.seen else frozenset()
        kind.triples.update(held.triples - gone)
        if not held.triples:
            kind.dead.append(held.entry)
        if gone:
            _insert(kinds, replace(why, gone=held.version)).triples.update(gone)
    return kinds


def _insert(kinds: dict[Why, _Kind], why: Why) -> _Kind:
    """The kind of that name, which comes after those of the same cause or reason if it is new."""
    if why not in kinds:
        names = list(kinds)
        alike = [n for n, w in enumerate(names) if (w.cause, w.reason) == (why.cause, why.reason)]
        names.insert(alike[-1] + 1 if alike else len(names), why)
        kinds[why] = _Kind()
        ordered = {name: kinds[name] for name in names}
        kinds.clear()
        kinds.update(ordered)
    return kinds[why]


def _as_it_is(entry: KnownFailure) -> Group:
    return Group(paths=entry.paths, cases=entry.cases, outputs=entry.outputs)


def _why(known: Known, held: Held) -> Why:
    entry = held.entry
    cause = known.causes.get(entry.cause)
    shared = cause is not None and cause.link == entry.link
    told = {each.name: getattr(entry, each.name) for each in fields(Why)}
    told["reason"] = "" if entry.cause else entry.reason
    told["link"] = "" if shared else entry.link
    return Why(**told)


def _explain(kinds: dict[Why, _Kind], new: set[Triple], why: Why, version: str) -> None:
    """Put new failures where the same is told of other versions, which then speaks of this too."""
    for kind in list(kinds):
        again = kinds[kind].triples & new
        if again and kind.versions and _alike(kind, why):
            kinds[kind].triples.difference_update(again)
            wide = replace(kind, versions=widened(kind.versions, version))
            _insert(kinds, wide).triples.update(again)
            new -= again
    if new:
        _insert(kinds, _dated(why, kinds, version)).triples.update(new)


def _alike(kind: Why, why: Why) -> bool:
    """Whether two tell the same, but for the versions that they speak of."""
    return replace(kind, versions="", link="") == replace(why, versions="", link="")


def _dated(why: Why, kinds: Mapping[Why, _Kind], version: str) -> Why:
    """The same from this version on, in the words in which the file says so already."""
    since = SpecifierSet(f">={version}")
    for kind in kinds:
        if _alike(kind, why) and kind.versions and SpecifierSet(kind.versions) == since:
            return kind
    return replace(why, versions=str(since))
