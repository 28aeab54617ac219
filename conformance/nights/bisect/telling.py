"""What a bisection found: as text, and as JSON that ``schemas/bisect.json`` describes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from conformance.nights.bisect.asking import Question
from conformance.nights.bisect.search import Asked, Change, Finding, changes
from conformance.verdict.record_file import encode

SCHEMA = "conformance/bisect/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisected:
    """What was asked, and what came of it.

    Attributes:
        question: What every release was asked.
        releases: All releases of the range, the oldest first.
        asked: Those that were asked.
    """

    question: Question
    releases: tuple[str, ...]
    asked: tuple[Asked, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Where the answer changes."""
        return changes(self.asked)


def as_json(found: Bisected) -> str:
    """All of it."""
    payload = {
        "schema": SCHEMA,
        **asdict(found),
        "changes": [asdict(change) for change in found.changes],
        "wrong": wrong(found),
    }
    return json.dumps(encode(payload), indent=1, allow_nan=False) + "\n"


def as_text(found: Bisected) -> str:
    """What was asked, release by release, and since when and until when it is wrong."""
    return "\n".join(_lines(found)) + "\n"


def wrong(found: Bisected) -> list[str]:
    """The ranges of releases that are wrong, in the words of Python's packaging."""
    ranges: list[str] = []
    since = ""
    for change in found.changes:
        if change.becomes is Finding.WRONG:
            since = f">={change.after}"
        else:
            ranges.append(",".join(filter(None, (since, f"<{change.after}"))))
            since = ""
    ends_wrong = bool(found.changes) and found.changes[-1].becomes is Finding.WRONG
    return [*ranges, since] if ends_wrong else ranges


def _lines(found: Bisected) -> Iterator[str]:
    asked, question = found.asked, found.question
    outputs = f", {', '.join(question.outputs)}" if question.outputs else ""
    yield (
        f"{question.adapter}/{question.path} on {question.case}{outputs}: {question.package} "
        f"{found.releases[0]} to {found.releases[-1]}, {len(asked)} of {len(found.releases)} "
        "releases asked"
    )
    width = max(len(one.version) for one in asked)
    for one in asked:
        yield f"  {one.version:<{width}}  {one.finding.value:<9}  {one.told}"
    yield from _conclusions(found)


def _conclusions(found: Bisected) -> Iterator[str]:
    for change in found.changes:
        between = f"; not asked between them: {', '.join(change.open)}" if change.open else ""
        yield (
            f"{change.becomes.value} since {change.after}, "
            f"{_other(change.becomes)} in {change.before}{between}"
        )
    for versions in wrong(found):
        yield f"wrong in {found.question.package} {versions}"
        package = "" if found.question.leads else f', package = "{found.question.package}"'
        yield f"expectations.toml: {', '.join(_ends(versions))}{package}"
    if not found.changes:
        yield _unchanged(found.asked)


def _ends(versions: str) -> Iterator[str]:
    """The ends of a range as an entry has them."""
    for key, sign in (("since", ">="), ("gone", "<")):
        for end in versions.split(","):
            if end.startswith(sign):
                yield f'{key} = "{end.removeprefix(sign)}"'


def _other(finding: Finding) -> str:
    return (Finding.RIGHT if finding is Finding.WRONG else Finding.WRONG).value


def _unchanged(asked: Sequence[Asked]) -> str:
    answers = {one.finding for one in asked} - {Finding.NOTHING}
    if not answers:
        return "no release gave an answer: nothing is known. See why above."
    (same,) = answers
    return f"{same.value} in every release that was asked: no change was found. Widen --versions."
