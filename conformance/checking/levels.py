"""Values and edges: the two levels of a verdict, which `conformance.checking.rule` makes one of.

*Values* must be right: finite inputs, one value or more, nothing subnormal and no sum that
overflows.  *Edges* (`conformance.oracle.edges`) are contracts that each hold or do not; a kernel
that differs at one conforms in its values all the same, and the verdict says both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.checking.rule import Rule
from conformance.oracle.edges import EDGES, in_words, listed
from conformance.printable import one_line
from conformance.report import wording
from conformance.verdict.posing import posing
from conformance.verdict.record import (
    COMPARED,
    COUNTED_APART,
    RED,
    CaseResult,
    OutputResult,
    Status,
    is_wrong,
)

KEPT, DIFFERS, KNOWN, UNTOLD = "kept", "differs", "known", "untold"
"""What becomes of an edge; untold where nothing was compared there, or a value was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFound:
    """What became of one edge.

    Attributes:
        name: Its name in `conformance.oracle.edges.EDGES`.
        state: ``"kept"``, ``"differs"``, ``"known"`` (it differs, and was expected to) or
            ``"untold"``.
        cases: How many cases posed it.
        differ: Ids of those in which it differs, known or not.
        why: What came in the first of them, in a line; empty where it is kept.
    """

    name: str
    state: str
    cases: int
    differ: tuple[str, ...] = ()
    why: str = ""


def edges_of(cases: Iterable[CaseResult]) -> tuple[EdgeFound, ...]:
    """What became of every edge that a case poses, in the order of `EDGES`."""
    return tuple(_found(name, some) for name, some in posing(cases).items())


def _found(name: str, cases: list[CaseResult]) -> EdgeFound:
    at = [(c.case, n, r) for c in cases for n, r in c.outputs.items() if name in r.edges]
    open_ones = [found for found in at if found[2].status in RED]
    if at:
        case, output, result = (open_ones or at)[0]
        return EdgeFound(
            name=name,
            state=DIFFERS if open_ones else KNOWN,
            cases=len(cases),
            differ=tuple(dict.fromkeys(case for case, _, _ in at)),
            why=f"{case} {output}: {one_line(result.reason or str(result.status))}",
        )
    results = [result for case in cases for result in case.outputs.values()]
    told = any(r.status in COMPARED for r in results) and not any(map(is_wrong, results))
    return EdgeFound(name=name, state=KEPT if told else UNTOLD, cases=len(cases))


def words(edges: Iterable[EdgeFound]) -> str:
    """The edges in a few words: ``"1 of 6 edges differs: empty batch"``; empty without any."""
    tried = [edge for edge in edges if edge.state != UNTOLD]
    if not tried:
        return ""
    off = [edge.name for edge in tried if edge.state != KEPT]
    if not off:
        return "the 1 edge tried is kept" if len(tried) == 1 else f"all {len(tried)} edges kept"
    known = ", as known" if all(edge.state != DIFFERS for edge in tried) else ""
    verb = "differs" if len(off) == 1 else "differ"
    some = "edge" if len(tried) == 1 else "edges"
    return f"{len(off)} of {len(tried)} {some} {verb}{known}: {listed(off)}"


def differs(edges: Iterable[EdgeFound]) -> bool:
    """Whether an edge differs that was not known to."""
    return any(edge.state == DIFFERS for edge in edges)


def lines(edges: Iterable[EdgeFound]) -> Iterator[str]:
    """A line for every edge that differs: what is due there, and what came."""
    for edge in edges:
        if edge.state in (DIFFERS, KNOWN):
            known = " (known)" if edge.state == KNOWN else ""
            due = EDGES[edge.name].contract if edge.name in EDGES else "a contract of its own"
            where = f"{len(edge.differ)} of {edge.cases} cases"
            yield f"edge {in_words(edge.name)}{known}: {due}; differs in {where}: {edge.why}"


def worst_grade(cases: Iterable[CaseResult]) -> str | None:
    """The worst grade of all values; F where a value is wrong; None if nothing was compared.

    What was expected to fail, what comes and goes, and what differs at an edge alone do not count.
    """
    return grade_of(result for case in cases for result in case.outputs.values())


def grade_of(results: Iterable[OutputResult]) -> str | None:
    """The same of single outputs."""
    told = list(results)
    if any(map(is_wrong, told)):
        return "F"
    counted = (r for r in told if r.status not in COUNTED_APART and not r.edges)
    return max((r.grade for r in counted if r.grade is not None), default=None)


def counted(counts: Mapping[Status, int], at_edges: int) -> str:
    """``"3 fail, 40 pass, 6 at edges"``: each status with its count, the worst first."""
    beside = [f"{at_edges} at edges"] if at_edges else []
    return ", ".join([*filter(None, [wording.counted(counts)]), *beside])


def misses(rule: Rule, result: OutputResult) -> bool:
    """Whether one output is not what a rule asks for."""
    if result.edges:
        return rule.strict and result.status in RED
    if result.status in RED:
        return True
    grade = None if result.status in COUNTED_APART else result.grade
    return grade is not None and grade > rule.minimum_grade


def keeps(rule: Rule, grade: str | None, edges: Iterable[EdgeFound]) -> bool:
    """Whether a grade and edges are what a rule asks for."""
    is_enough = grade is None or grade <= rule.minimum_grade
    return is_enough and not (rule.strict and differs(edges))


def encoded(edges: Iterable[EdgeFound]) -> Mapping[str, Any]:
    """Edges as JSON has them."""
    return {
        e.name: {"state": e.state, "cases": e.cases, "differ": list(e.differ), "why": e.why}
        for e in edges
    }
