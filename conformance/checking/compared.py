"""What a verdict rests on: the scope in which something was compared, and how much was not and why.

It is measured, not declared: what a kernel says that it takes and refuses is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.printable import cut, one_line
from conformance.report.wording import plural
from conformance.verdict.record import HELD, CaseResult, OutputResult

_REASONS = 8
"""Reasons that are told by their words; the others are counted together."""

_OTHERS = "other reasons"
_LONGEST = 80
_AXES = {"NC": 2, "NCL": 3, "NLC": 3, "NCHW": 4, "NHWC": 4, "NCDHW": 5, "NDHWC": 5}


def account(
    stored: Sequence[CaseResult], drawn: Sequence[CaseResult], where: Sequence[str]
) -> dict[str, Any]:
    """The scope of a verdict, as a report and a statement say it.

    Args:
        stored: What came of the stored cases that were selected.
        drawn: What came of those that were drawn inside the scope.
        where: The predicates that were declared.

    Returns:
        ``ranks``, ``dtypes``, ``layouts``, ``modes`` of the cases of which something was compared;
        ``where``; ``cases`` and ``outputs``: how many there were, how many were compared; ``not``:
        why outputs were not, each reason with its number.
    """
    every = [*stored, *drawn]
    met = [case for case in every if was_compared(case)]
    results = [result for case in every for result in case.outputs.values()]
    silent = [result for result in results if not _held(result)]
    reasons = Counter(map(_reason, silent)).most_common()
    told = dict(reasons[:_REASONS])
    if len(reasons) > _REASONS:
        told[_OTHERS] = sum(count for _, count in reasons[_REASONS:])
    return {
        "ranks": sorted({rank for case in met if (rank := axes(case.layout))}),
        "dtypes": sorted({case.dtype for case in met}),
        "layouts": sorted({case.layout for case in met}),
        "modes": sorted({case.mode for case in met}),
        "where": list(where),
        "cases": {
            "stored": len(stored),
            "drawn": len(drawn),
            "compared": len(met),
        },
        "outputs": {"asked": len(results), "compared": len(results) - len(silent)},
        "not": told,
    }


def was_compared(case: CaseResult) -> bool:
    """Whether anything of a case was held against an expected value, or failed before."""
    return any(_held(result) for result in case.outputs.values())


def words(said: Mapping[str, Any]) -> str:
    """The scope of a verdict in a line.

    Args:
        said: As `account` gives it.
    """
    cases, outputs = said["cases"], said["outputs"]
    if not cases["compared"]:
        return f"nothing compared in {_where(said) or 'any scope'}{_why(said['not'])}"
    ranks = "|".join(map(str, said["ranks"]))
    kinds = [f"{ranks} axes"] if ranks else []
    kinds += ["|".join(said[name]) for name in ("dtypes", "modes", "layouts")]
    scope = ", ".join(filter(None, [*kinds, _where(said)]))
    drawn = f", {cases['drawn']} of them drawn in it" if cases["drawn"] else ""
    asked = cases["stored"] + cases["drawn"]
    return (
        f"compared in {scope}: {cases['compared']} of {plural(asked, 'case')}{drawn}; "
        f"{outputs['compared']} of {plural(outputs['asked'], 'output')}{_why(said['not'])}"
    )


def axes(layout: str) -> int | None:
    """How many axes x has in a layout; None where its name does not tell."""
    if layout.startswith("rank "):
        return int(layout.removeprefix("rank ").partition(",")[0])
    return _AXES.get(layout)


def _where(said: Mapping[str, Any]) -> str:
    return f"where {' and '.join(said['where'])}" if said["where"] else ""


def _why(reasons: Mapping[str, int]) -> str:
    told = [f"{count} {why}" for why, count in list(reasons.items())[:_TOLD]]
    left = sum(reasons.values()) - sum(list(reasons.values())[:_TOLD])
    told += [f"{left} others"] if left else []
    return f" (not: {', '.join(told)})" if told else ""


_TOLD = 3
"""Reasons that stand in the line."""


def _held(result: OutputResult) -> bool:
    return result.status in HELD


def _reason(result: OutputResult) -> str:
    said = one_line(result.reason or "") or result.status.value
    return cut(said.removeprefix("unsupported: "), _LONGEST)


def total(cases: Iterable[CaseResult]) -> int:
    """How many of some cases were compared."""
    return sum(map(was_compared, cases))
