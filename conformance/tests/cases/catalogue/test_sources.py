"""Tests of `conformance.cases.catalogue.sources`."""

from __future__ import annotations

import re

from conformance.cases.catalogue import problems, rows
from conformance.cases.catalogue.sources import DARKNET, DOCUMENTS, SOURCES
from conformance.faults import FAULTS, UNSEEN

_ISSUE = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/issues/\d+")


def test_every_source_is_an_issue_or_a_known_document() -> None:
    """A source is the address of an issue thread, the address of a file, or a named document."""
    named = {*DOCUMENTS, DARKNET}
    for sources in SOURCES.values():
        assert sources
        for source in sources:
            assert source in named or _ISSUE.fullmatch(source)


def test_every_mistake_is_looked_for() -> None:
    """No row names a mistake without a source, and no source one that no kernel is made for.

    But for those that no problem can show.  That a problem rejects each kernel is a test of the
    dictionary.
    """
    used = {fault for _, row in rows() for fault in row.faults}
    assert used <= set(SOURCES)
    assert set(SOURCES) <= FAULTS.keys() | {unseen.id for unseen in UNSEEN}


def test_every_document_is_cited() -> None:
    """Each of the five documents is cited by a problem of its own family."""
    cited = {source for p in problems() if p.group == "seeds" for source in p.cites}
    assert set(DOCUMENTS) <= cited


def test_no_row_cites_twice() -> None:
    """No line of a table names a mistake twice."""
    for _, row in rows():
        assert len(set(row.faults)) == len(row.faults)
