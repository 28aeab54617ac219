"""A difference in words: for the terminal, and as Markdown for a pull request or a job summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from conformance.nights.diff.attribution import Attribution
from conformance.nights.diff.changes import (
    MEANINGS,
    WORSENING,
    Change,
    ChangeKind,
    Circumstance,
    Difference,
    Outcome,
)
from conformance.printable import one_line
from conformance.report.markdown import text
from conformance.report.wording import figure, plural

SHOWN = 20
"""How many lines of one kind are shown; all are in the JSON."""

_OF_COLUMNS = frozenset(
    {ChangeKind.MISSING, ChangeKind.SILENT, ChangeKind.RETURNED, ChangeKind.APPEARED}
)
_GROWING = frozenset({ChangeKind.DRIFT, ChangeKind.MACHINE})
_EXPLAINED = frozenset({ChangeKind.NEW_FAILURE, ChangeKind.MACHINE})
_OF_CASES = frozenset({ChangeKind.VANISHED, ChangeKind.ADDED})


def verdict(difference: Difference) -> str:
    """The line that a reader who reads one line must see."""
    counts = Counter(change.kind for change in difference.changes)
    told = [f"{counts[kind]:,} {kind.value}" for kind in ChangeKind if counts[kind]]
    says = "WORSE" if difference.worse else "nothing worse"
    columns = len(difference.old_entries.keys() & difference.new_entries.keys())
    where = f"{plural(columns, 'column')}, {plural(difference.compared, 'output')} compared"
    return f"{says}: {', '.join(told) or 'nothing changed'}; {where}"


def as_text(difference: Difference, attributions: Iterable[Attribution] = ()) -> str:
    """The difference for a terminal."""
    lines = [verdict(difference), f"  old: {difference.old}", f"  new: {difference.new}"]
    for found in attributions:
        lines += [f"cause of {found.column}: {found.cause}", f"  {found.evidence}"]
    for _, title, told in _sections(difference):
        lines += [title, *(f"  {line}" for line in told)]
    return "\n".join(lines) + "\n"


def as_markdown(difference: Difference, attributions: Sequence[Attribution] = ()) -> str:
    """The difference for a pull request or a job summary."""
    sign = "❌" if difference.worse else "✅"
    lines = [f"### {sign} {text(verdict(difference))}", ""]
    lines += [f"`{difference.old}` → `{difference.new}`", ""]
    if attributions:
        lines += ["| column | caused by | evidence |", "|---|---|---|"]
        lines += [
            f"| {text(f.column)} | **{text(f.cause)}** | {text(f.evidence)} |" for f in attributions
        ]
        lines.append("")
    for worse, title, told in _sections(difference):
        lines += [f"<details{' open' if worse else ''}><summary>{text(title)}</summary>", ""]
        lines += [_item(line) for line in told]
        lines += ["", "</details>", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _sections(difference: Difference) -> Iterator[tuple[bool, str, list[str]]]:
    """What there is to say, kind by kind: whether it is worse, the title, the lines."""
    for kind in ChangeKind:
        changes = difference.of([kind])
        if changes:
            title = f"{kind.value}: {MEANINGS[kind]} ({len(changes):,})"
            yield kind in WORSENING, title, _limited(_told(kind, changes, difference))
    if difference.circumstances:
        told = list(_around(difference.circumstances))
        yield False, f"around it: what else differs ({len(told)})", _limited(told)


def _limited(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"... and {more:,} more"]


def _told(kind: ChangeKind, changes: Sequence[Change], difference: Difference) -> list[str]:
    if kind in _OF_COLUMNS:
        return [f"{c.column}: {one_line(c.note)}" for c in changes]
    if kind in _OF_CASES:
        return list(_whole_cases(changes))
    return [
        line
        for column, mine in groupby(changes, key=lambda change: change.column)
        for line in (_label(column, difference), *_outputs(list(mine)))
    ]


def _whole_cases(changes: Sequence[Change]) -> Iterator[str]:
    """Cases that came or went; the same case in many columns is one line."""
    columns: dict[str, list[str]] = {}
    for change in changes:
        columns.setdefault(change.case, []).append(change.column)
    for case, names in columns.items():
        where = names[0] if len(names) == 1 else plural(len(names), "column")
        yield f"{case}: {where}"


def _label(column: str, difference: Difference) -> str:
    old, new = difference.old_entries[column].version, difference.new_entries[column].version
    run = difference.since.get(column)
    since = f" (since {run}, its last result before)" if run else ""
    return f"{column} {new if old == new else f'{old} -> {new}'}{since}"


def _outputs(changes: list[Change]) -> Iterator[str]:
    for case, together in groupby(changes, key=lambda change: change.case):
        same: dict[str, list[str]] = {}
        for change in together:
            same.setdefault(_step(change), []).append(change.output)
        for step, outputs in same.items():
            yield f"  {case} {', '.join(outputs)}: {step}"


def _step(change: Change) -> str:
    assert change.old is not None  # noqa: S101 - only whole cases lack a side
    assert change.new is not None  # noqa: S101 - the same
    step = f"{_short(change.old)} -> {_short(change.new)}"
    if change.kind in _GROWING and change.factor is not None:
        step += f" ({figure(change.factor)} times)"
    said = change.new.reason if change.kind in _EXPLAINED else ""
    return f"{step}; {one_line(said)}" if said else step


def _short(outcome: Outcome) -> str:
    units = "" if outcome.units is None else f" {figure(outcome.units)} units"
    return f"{outcome.status}{' ' + outcome.grade if outcome.grade else ''}{units}"


def _around(circumstances: Iterable[Circumstance]) -> Iterator[str]:
    """What differs; the same difference in many columns is one line."""
    columns: dict[tuple[str, str, str, str], list[str]] = {}
    for c in circumstances:
        columns.setdefault((c.about, c.name, c.old, c.new), []).append(c.column)
    for (about, name, old, new), names in columns.items():
        where = names[0] if len(names) == 1 else plural(len(names), "column")
        yield f"{about}: {name} {old or 'none'} -> {new or 'none'} ({where})"


def _item(line: str) -> str:
    deep = len(line) - len(line.lstrip(" "))
    return f"{line[:deep]}- {text(line[deep:])}"
