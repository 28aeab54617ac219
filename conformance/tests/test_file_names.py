"""Tests of the way from the name of a thing to the name of its file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import golden
from conformance.file_names import file_name

HOSTILE = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../b",
    "a/b",
    "a-b",
    "a--b",
    "a---b",
    "a//b",
    "a/",
    "/a",
    "A/B",
    "a/B",
    "a b",
    "a (b)",
    "a (b",
    "a---b)",
    "a(b)",
    "a (b, c)",
    "a (b,c)",
    "a (b----c)",
    "a\\b",
    "a\0b",
    "a\nb",
    "a:b",
    "con",
    "CON",
    "nul.txt",
    "com1",
    "lpt9.x",
    "é",
    "e\u0301",
    "\ud800",
    "\u202egnp",
    "a.",
    "a ",
    " a",
    "~",
    "-rf",
    ".hidden",
    "%2e%2e%2f",
    "x" * 120,
    "x" * 121,
    "x" * 5000,
    "x" * 4999 + "y",
]


def test_what_is_spelled_as_cases_and_columns_are_stays_readable() -> None:
    """A person finds the page of a case by its name."""
    assert file_name("offset/1e4") == "offset--1e4"
    assert file_name("torch/native (cuda, newest)") == "torch--native---cuda----newest"
    assert file_name("one-value.per_channel") == "one-value.per_channel"


def test_every_case_of_the_catalogue_is_readable() -> None:
    """No page of our own has a digest in its address."""
    for case in golden.manifest().entries:
        assert re.fullmatch(r"[a-z0-9_.-]+", file_name(case))
        assert file_name(case) == case.replace("/", "--")


def require_plain(name: str, file: str) -> None:
    """Refuse the name of a file that leaves its folder, or means something to a system."""
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_.-]{0,150}", file), name
    assert not file.endswith((".", "-"))
    assert file.partition(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_in_its_folder(name: str) -> None:
    """No separator, no dots that climb, no device, no length that a file system refuses."""
    require_plain(name, file_name(name))


def test_names_that_look_alike_have_files_of_their_own() -> None:
    """``a/b`` and ``a-b`` share no page, nor do two that differ by case or far behind."""
    assert len({file_name(name) for name in HOSTILE}) == len(HOSTILE)


def test_no_name_can_be_made_for_the_file_of_another() -> None:
    """What is spelled as a name with a digest gets a digest itself."""
    taken = file_name("a b")
    assert taken.startswith("a-b-x")
    assert file_name(taken) != taken


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab/-. (,)x0AB_"), max_size=12), st.text(max_size=12))
def test_the_readable_form_can_be_undone(name: str, other: str) -> None:
    """Of the file of a readable name the name follows, so no two share one."""
    for each in (name, other):
        file = file_name(each)
        require_plain(each, file)
        if re.fullmatch(r".*-x[0-9a-f]{32}", file):
            continue
        opened = file.replace("----", ", ").replace("---", " (").replace("--", "/")
        assert opened + ")" * (" (" in opened) == each
