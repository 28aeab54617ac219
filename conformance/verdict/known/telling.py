"""What a run says about expectations, in lines to read and entries to paste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conformance.verdict.known.ends import in_words
from conformance.verdict.known.entry import Why
from conformance.verdict.known.findings import Findings, Held
from conformance.verdict.known.grouping import groups
from conformance.verdict.known.outputs import Triple
from conformance.verdict.known.writing import rendered

_SHOWN = 5


def told(findings: Findings, due: Mapping[str, tuple[str, ...]], *, updated: bool) -> Iterator[str]:
    """Lines on what no longer applies, and on what matches nothing.

    Args:
        findings: What the run says.
        due: Every case of the catalogue with the outputs that are due in it.
        updated: Whether the file is being rewritten.
    """
    for held in findings.stale:
        some = "some of it" if held.failed else "all of it"
        done = "marked" if updated else "to mark with --update"
        yield (
            f"entry {held.number} no longer applies, {some}: {len(held.passed)} of "
            f"{len(held.passed) + len(held.failed)} outputs passed, {done} as gone = "
            f'"{held.version}" ({_reason(held)})'
        )
        yield from grouped(held.passed, due)
    for held in findings.dead:
        entry = held.entry
        yield (
            f"entry {held.number} matches nothing in the catalogue: paths {list(entry.paths)}, "
            f"cases {list(entry.cases)}, outputs {list(entry.outputs)}. Correct it or remove it."
        )
    for held in findings.flaky:
        yield (
            f'entry {held.number} comes and goes (seen = "{held.entry.seen}"): this time '
            f"{len(held.failed)} failed and {len(held.passed)} passed ({_reason(held)})"
        )
    for number in findings.idle:
        yield f"[[degraded]] {number} explains nothing: none of its outputs is degraded in this run"
    if findings.unexplained:
        yield (
            f"{len(findings.unexplained)} degraded outputs have no cause yet; tell it in a table "
            "[[degraded]]:"
        )
        yield from grouped(findings.unexplained, due)
    if findings.unseen:
        yield f"no record of {', '.join(findings.unseen)}: their entries are left as they are"


def ready(new: Iterable[Triple], due: Mapping[str, tuple[str, ...]], why: Why) -> str:
    """New failures as entries that lack their cause or reason."""
    return "\n".join(rendered(group, why) for group in groups(new, due))


def _reason(held: Held) -> str:
    entry = held.entry
    why = f"cause {entry.cause}" if entry.cause else entry.reason
    return ", ".join(filter(None, (why, in_words(entry))))


def grouped(triples: Iterable[Triple], due: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Outputs as few lines: paths, cases, outputs."""
    for group in groups(triples, due):
        cases = ", ".join(group.cases[:_SHOWN]) + (", ..." if len(group.cases) > _SHOWN else "")
        yield f"  {', '.join(group.paths)}: {cases}: {', '.join(group.outputs)}"
