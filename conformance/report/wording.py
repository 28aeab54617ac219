"""Figures and sentences that several formats show in the same words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from conformance.printable import cut, one_line
from conformance.report import standing
from conformance.report.matrix import Matrix, MatrixCell, Noteworthy
from conformance.report.standing import Standing
from conformance.verdict.record import SEVERITY, OutputResult, Status, Worst


def figure(value: float) -> str:
    """`value` to three digits, short: ``"2.6e3"``."""
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.3g}")


def number(value: float) -> str:
    """`value` with every digit that it needs to be read back."""
    return repr(float(value))


def units(cell: MatrixCell) -> str:
    """The largest error of `cell` in units; empty where nothing was measured."""
    if cell.unbounded:
        return "∞"
    return "" if cell.units is None else figure(cell.units)


def plural(count: int, word: str) -> str:
    """``"1 case"``, ``"2 cases"``."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def present(counts: Mapping[Status, int]) -> list[tuple[Status, int]]:
    """Each status with its count, the worst first; none of which there are none."""
    return [(status, counts[status]) for status in SEVERITY if counts.get(status)]


def counted(counts: Mapping[Status, int]) -> str:
    """``"3 fail, 40 pass"``: the same in words."""
    return ", ".join(f"{count:,} {status.value}" for status, count in present(counts))


def place(output: str, worst: Worst) -> str:
    """The element as one would write it: ``"dx[0, 3]"``."""
    return f"{output}[{', '.join(map(str, worst.index))}]" if worst.index else output


def says_where(result: OutputResult) -> bool:
    """Whether the reason tells the worst element already, as the judge's own reasons do."""
    worst, reason = result.worst, result.reason or ""
    return worst is not None and repr(worst.actual) in reason and repr(worst.expected) in reason


def account(output: str, result: OutputResult) -> str:
    """What is wrong with the output, in one line: element, distance and reason."""
    parts = []
    worst = result.worst
    if worst is not None and not says_where(result):
        parts.append(
            f"{place(output, worst)} is {number(worst.actual)}, "
            f"expected {number(worst.expected)}, bound {figure(worst.bound)}"
        )
    if result.units is not None:
        parts.append(f"{figure(result.units)} units")
    if result.grade is not None:
        parts.append(f"grade {result.grade}")
    return "; ".join(filter(None, (", ".join(parts), one_line(result.reason or ""))))


def incidents(findings: Iterable[Noteworthy]) -> Iterator[list[Noteworthy]]:
    """Findings of the same column and case, together."""
    for _, together in groupby(findings, key=lambda f: (f.column, f.case)):
        yield list(together)


def diagnoses(matrix: Matrix) -> Iterator[str]:
    """What is wrong with each path that fails, as far as it could be told."""
    for column in matrix.columns:
        for found in column.record.diagnosis if column.record else ():
            yield f"{column.label}: {found.sentence}"


def stand(standings: Sequence[Standing]) -> str:
    """How many paths conform: ``"2 of 5 paths conform in values, 1 at every edge, too"``."""
    counts = Counter(each.values for each in standings)
    strict = sum(each.is_strict for each in standings)
    head = f"{counts[standing.CONFORMS]} of {plural(len(standings), 'path')} conform in values"
    if strict:
        head += f" ({strict} at every edge, too)"
    others = (
        (standing.DEGRADED, "degraded"),
        (standing.KNOWN, "with known wrong values"),
        (standing.FAILS, "with others"),
        (standing.NOTHING, "that told nothing"),
    )
    return ", ".join([head, *(f"{counts[key]} {words}" for key, words in others if counts[key])])


def values(standing_: Standing) -> str:
    """The values of a path in a few words: ``"conforms, A"``, ``"29 wrong, known"``."""
    if standing_.values == standing.NOTHING:
        return "told nothing"
    if standing_.values in (standing.KNOWN, standing.FAILS):
        known = ", known" if standing_.values == standing.KNOWN else ""
        return f"{standing_.wrong:,} wrong{known}"
    return f"{standing_.values}, {standing_.grade}"


def edges(standing_: Standing) -> str:
    """The edges of a path: ``"5 of 6"``; empty where none was tried."""
    return f"{standing_.kept} of {len(standing_.edges)}" if standing_.edges else ""


def causes(standing_: Standing) -> str:
    """The causes for which outputs are known to fail: ``"one-pass 29, subnormals 4"``."""
    return ", ".join(f"{cut(name, 40)} {count:,}" for name, count in standing_.causes.items())


def verdict(matrix: Matrix) -> str:
    """The line that a reader who reads one line must see."""
    totals = matrix.totals()
    counts: Counter[Status] = Counter()
    for cell in totals:
        counts.update(cell.counts)
    compared, red = sum(c.compared for c in totals), sum(c.red for c in totals)
    says = "as expected" if matrix.as_expected else "not as expected"
    parts = []
    if red:
        named = counted(
            {s: n for s, n in counts.items() if MatrixCell(counts={s: n}, status=s).red}
        )
        bad = sum(1 for cell in totals if cell.red)
        parts.append(f"{named} in {bad} of {plural(len(totals) - len(matrix.missing), 'path')}")
    if matrix.missing:
        parts.append(f"did not report: {', '.join(matrix.missing)}")
    if matrix.silent:
        parts.append(f"compared nothing: {', '.join(matrix.silent)}")
    if matrix.partial:
        parts.append(f"PARTIAL: {', '.join(matrix.partial)}")
    if not compared:
        parts.append("nothing was compared")
    if not parts:
        parts.append(f"nothing red in {plural(len(totals), 'path')}")
    parts += [stand(matrix.standings), *matrix.foreign]
    noted = (Status.EXPECTED_FAIL, Status.FLAKY, Status.DEGRADED)
    known = {status: counts[status] for status in noted if counts[status]}
    also = f" ({counted(known)})" if known else ""
    due = plural(sum(c.due for c in totals), "output")
    return f"{says}: {'; '.join(parts)}; {compared:,} of {due} compared{also}"
