"""What the page folds away: findings path by path and case by case, and what was not compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from conformance.report import wording
from conformance.report.matrix import Matrix, MatrixColumn, Noteworthy
from conformance.verdict.record import SEVERITY, OutputResult, Status

SHOWN = 300
"""How many characters of a reason the page shows; ``matrix.json`` has all of them."""

_TAIL = 2000  # characters of what a process said before it died


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Outputs that fell alike, mostly one; `place` is the worst element if the reason is mute."""

    outputs: str
    result: OutputResult
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldLine:
    """A status and a reason, said once, with the outputs that share both."""

    status: Status
    reason: str
    parts: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is to say about one case of one path; `statuses` is what the page filters by."""

    case: str
    group: str
    repro: str
    stderr: str
    statuses: str
    lines: tuple[FoldLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFold:
    """The incidents of one path in one row of the first table."""

    kind: int
    counts: Counter[Status]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFold:
    """The incidents of one path; `left` of its findings are in ``matrix.json`` only."""

    index: int
    counts: Counter[Status]
    kinds: tuple[KindFold, ...]
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Why outputs of one path were not compared: status, reason, how many outputs."""

    index: int
    column: MatrixColumn
    reasons: tuple[tuple[Status, str, int], ...]


def path_folds(matrix: Matrix, room: int) -> dict[int, PathFold]:
    """The findings of every path that has any, by index of its column.

    Args:
        matrix: The matrix.
        room: How many findings may be listed in all; where there are more, each path keeps
            its gravest.
    """
    by_column = {c: list(fs) for c, fs in groupby(matrix.findings, key=lambda f: f.column)}
    share = _share([len(found) for found in by_column.values()], room)
    return {column: _path_fold(column, found, share) for column, found in by_column.items()}


def silences(matrix: Matrix) -> Iterator[Silence]:
    """For every path that left outputs or cases out, which and why."""
    for index, column in enumerate(matrix.columns):
        total = matrix.cell(matrix.total, index)
        reasons: Counter[tuple[Status, str]] = Counter()
        for case in column.record.cases if column.record else ():
            for result in case.outputs.values():
                if result.status in (Status.UNSUPPORTED, Status.NOT_RUN):
                    reasons[result.status, result.reason or "no reason given"] += 1
        listed = [(status, reason, n) for (status, reason), n in reasons.most_common()]
        if column.record is None:
            listed.append((Status.NOT_RUN, total.why, 0))
        elif total.absent:
            cases = wording.plural(total.absent, "case")
            listed.append((Status.NOT_RUN, f"{cases} of other records are not in this one", 0))
        if listed:
            yield Silence(index=index, column=column, reasons=tuple(listed))


def _share(sizes: Sequence[int], room: int) -> int:
    # The largest share per path that fits: short lists leave their rest to the long ones.
    share = 0
    for position, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - position)
        if size > share:
            return share
        room -= size
    return max(sizes, default=share)


def _path_fold(column: int, found: Sequence[Noteworthy], share: int) -> PathFold:
    gravest = sorted(range(len(found)), key=lambda i: _gravity(found[i]))[:share]
    kept = sorted((found[i] for i in sorted(gravest)), key=lambda f: f.kind)
    return PathFold(
        index=column,
        counts=Counter(f.result.status for f in found),
        kinds=tuple(_kind_fold(kind, list(fs)) for kind, fs in groupby(kept, lambda f: f.kind)),
        left=len(found) - len(kept),
    )


def _kind_fold(kind: int, found: list[Noteworthy]) -> KindFold:
    return KindFold(
        kind=kind,
        counts=Counter(f.result.status for f in found),
        incidents=tuple(_incident(together) for together in wording.incidents(found)),
    )


def _gravity(finding: Noteworthy) -> int:
    return SEVERITY.index(finding.result.status)


def _incident(found: list[Noteworthy]) -> Incident:
    head = found[0]
    statuses = dict.fromkeys(f.result.status.value for f in found)
    return Incident(
        case=head.case,
        group=head.group,
        repro=head.repro,
        stderr=(head.stderr or "")[-_TAIL:],
        statuses=" ".join(statuses),
        lines=tuple(_lines(found)),
    )


def _lines(found: Iterable[Noteworthy]) -> Iterator[FoldLine]:
    together: dict[tuple[Status, str | None], list[Noteworthy]] = {}
    for f in found:
        together.setdefault((f.result.status, f.result.reason), []).append(f)
    for (status, said), alike in together.items():
        reason = said or ""
        yield FoldLine(
            status=status,
            reason=reason if len(reason) <= SHOWN else reason[: SHOWN - 1] + "…",
            parts=tuple(_items(alike)),
        )


def _items(alike: Iterable[Noteworthy]) -> Iterator[Item]:
    # Outputs that fell together, as in a crash, have nothing to tell them apart.
    fell: dict[OutputResult, list[str]] = {}
    for f in alike:
        worst = f.result.worst
        if worst is None:
            fell.setdefault(f.result, []).append(f.output)
        else:
            place = "" if wording.says_where(f.result) else wording.place(f.output, worst)
            yield Item(outputs=f.output, result=f.result, place=place)
    for result, outputs in fell.items():
        yield Item(outputs=", ".join(outputs), result=result, place="")
