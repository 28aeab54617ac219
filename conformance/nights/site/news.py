"""What changed from night to night, as a page and as a feed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from feedgen.feed import FeedGenerator

from conformance.errors import HistoryError
from conformance.nights.diff.changes import WORSENING, Difference
from conformance.nights.diff.compare import compare
from conformance.nights.diff.wording import as_text, verdict
from conformance.nights.history.store import began
from conformance.nights.site.archive import Archive

NIGHTS = 30
"""How many nights back changes are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What changed in one night.

    Attributes:
        run: The later run.
        verdict: The line that a reader who reads one line must see.
        worse: Whether anything got worse.
        text: Everything, for reading.
        columns: The columns in which something got worse.
    """

    run: str
    verdict: str
    worse: bool
    text: str
    columns: tuple[str, ...]


def gather(archive: Archive) -> list[News]:
    """The nights in which anything changed, the newest first."""
    return list(_gathered(archive))


def _gathered(archive: Archive) -> Iterator[News]:
    names = list(archive.runs)[-NIGHTS - 1 :]
    for before, name in reversed(list(pairwise(names))):
        try:
            found = compare(before, name, archive.history)
        except HistoryError:
            continue  # a damaged file, which is an alarm
        if found.changes or found.circumstances:
            yield _news(name, found)


def _news(name: str, found: Difference) -> News:
    return News(
        run=name,
        verdict=verdict(found),
        worse=found.worse,
        text=as_text(found),
        columns=tuple(dict.fromkeys(change.column for change in found.of(WORSENING))),
    )


def feed(archive: Archive, news: Sequence[News], address: str) -> str:
    """The nights that made something worse, and the alarms, as an Atom feed.

    Args:
        archive: What the site is made of.
        news: What changed.
        address: Where the site will be; entries link into it.
    """
    root = address.rstrip("/") + "/" if address else ""
    made = FeedGenerator()
    made.id(root or "urn:batchnorm-conformance:regressions")
    made.title("Batch normalization conformance: regressions")
    made.updated(began(archive.newest))
    made.author(name="batchnorm-conformance")
    made.link(href=f"{root}feed.xml", rel="self")
    for alarm in archive.alarms:
        entry = made.add_entry(order="append")
        entry.id(f"urn:batchnorm-conformance:{archive.newest}:{alarm.alarm}:{alarm.text}")
        entry.title(f"Alarm: {alarm.alarm}")
        entry.summary(alarm.text)
        entry.updated(began(archive.newest))
        entry.link(href=f"{root}index.html")
    for each in news:
        if each.worse:
            entry = made.add_entry(order="append")
            entry.id(f"urn:batchnorm-conformance:{each.run}")
            entry.title(each.verdict)
            entry.content(each.text, type="text")
            entry.updated(began(each.run))
            entry.link(href=f"{root}changes.html#{each.run}")
    return str(made.atom_str(pretty=True).decode())
