"""Known failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import adapter
from conformance.errors import ExpectationError
from conformance.verdict.known import applying, expectations
from conformance.verdict.record import COMPARED, RED, OutputResult, Status, came_out

ENTRY = """
[[expect]]
paths = ["fast*"]
cases = ["offset/*"]
outputs = ["y", "dx"]
versions = ">=2,<3"
reason = "one pass"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with one entry."""
    path = tmp_path / "expectations.toml"
    path.write_text(ENTRY)
    return path


def outcome(file: Path, status: Status, *, case: str = "offset/a", path: str = "fast") -> Status:
    """What becomes of output y."""
    entries = expectations.load(file, "2.1.0+cpu")
    results = {"y": OutputResult(status=status, reason="because")}
    return applying.apply(entries, path, case, results)["y"].status


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR, Status.CRASH, Status.TIMEOUT])
def test_expected_failure_is_not_red(file: Path, status: Status) -> None:
    """Whatever way it fails, an expected failure is reported as expected."""
    assert outcome(file, status) is Status.EXPECTED_FAIL


@pytest.mark.parametrize("status", [Status.PASS, Status.DEGRADED])
def test_unexpected_pass_is_an_error(file: Path, status: Status) -> None:
    """An expectation that no longer applies must be noticed."""
    assert outcome(file, status) is Status.UNEXPECTED_PASS


@pytest.mark.parametrize("status", [Status.UNSUPPORTED, Status.NOT_RUN])
def test_what_was_not_compared_stays_what_it_is(file: Path, status: Status) -> None:
    """Nothing that did not run becomes a pass or a failure."""
    assert outcome(file, status) is status


def test_other_cases_and_paths_are_untouched(file: Path) -> None:
    """An entry speaks only of what its globs match."""
    assert outcome(file, Status.FAIL, case="dense/a") is Status.FAIL
    assert outcome(file, Status.FAIL, path="slow") is Status.FAIL


@pytest.mark.parametrize(
    ("version", "count"), [("2.0", 1), ("2.9.1+cpu", 1), ("3.0", 0), ("1.9", 0)]
)
def test_versions_limit_an_entry(file: Path, version: str, count: int) -> None:
    """An entry is active for the versions that it names."""
    assert len(expectations.load(file, version)) == count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expect]]\npaths = ['a']\ncases = ['b']", "lacks \\['cause or reason'\\]"),
        (
            "[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\nwhy = 'd'",
            "unknown keys \\['why'",
        ),
        ("[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\noutputs = ['z']", "\\['z'\\]"),
        ("[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\nversions = 'new'", "'new'"),
        ("[[expect]", "is not TOML"),
        ("[other]", "only \\[cause.NAME\\], \\[\\[expect\\]\\]"),
        ("[[expect]]\npaths = 'a'\ncases = ['b']\nreason = 'c'", "paths = 'a', a list of texts"),
        (ENTRY + "gone = 'soon'", "gone = 'soon'"),
        (ENTRY + "cause = 'c'", "cause = 'c' and reason = 'one pass'"),
        (ENTRY.replace("reason", "cause"), "cause = 'one pass', one of \\[\\] was wanted"),
        ("cause = 3", "cause is 3, tables were wanted"),
        ("[cause]\nc = 3", "\\[cause.c\\] is 3, a table was wanted"),
        ("[cause.c]\nreason = ''\nby_design = 'd'", "reason = '', a sentence was wanted"),
        ("[cause.c]\nreason = 'r'", "neither reproduction nor by_design"),
        ("[cause.c]\nreason = 'r'\nreproduction = 'print(1)'", "prints = '', both were wanted"),
        ("[cause.c]\nreason = 'r'\nby_design = 3", "{'by_design': 3}, texts were wanted"),
        ("[cause.c]\nreason = 'r'\nby_design = 'd'\npaths = 'a'", "a list of globs was wanted"),
        ("[cause.c]\nreason = 'r'\nby_design = 'd'\npaths = []", "a list of globs was wanted"),
        ("[cause.c]\nreason = 'r'\nwhy = 'd'", "unknown keys \\['why'\\]"),
    ],
)
def test_malformed_file_is_refused(file: Path, text: str, words: str) -> None:
    """A misspelled expectation is an error, never ignored."""
    file.write_text(text)
    with pytest.raises(ExpectationError, match=words):
        expectations.load(file, "2.0")


CAUSE = """
[cause.one-pass]
reason = "E[x^2] - mean^2"
by_design = "documented"
link = "https://example.org/1"
"""


def test_cause_gives_its_reason_and_link(file: Path) -> None:
    """An entry that names a cause is reported with the reason and the link that the cause tells."""
    file.write_text(CAUSE + ENTRY.replace('reason = "one pass"', 'cause = "one-pass"'))
    (entry,) = expectations.load(file, "2.0")
    assert (entry.reason, entry.link) == ("E[x^2] - mean^2", "https://example.org/1")
    assert expectations.read(file).causes["one-pass"].by_design == "documented"


def test_equal_reasons_are_told_once(file: Path) -> None:
    """Where two entries of one reason match an output, its report says the reason once."""
    file.write_text(ENTRY + ENTRY)
    results = {"y": OutputResult(status=Status.FAIL, reason="because")}
    told = applying.apply(expectations.load(file, "2.0"), "fast", "offset/a", results)
    assert told["y"].reason == "expected: one pass [fail: because]"


@pytest.mark.parametrize(
    ("version", "count"), [("2.3.9", 1), ("2.4.0.dev1", 1), ("2.4", 0), ("2.4.0+cpu", 0)]
)
def test_entry_that_is_gone_is_inactive_from_that_version_on(
    file: Path, version: str, count: int
) -> None:
    """An entry speaks of the versions before the one in which it was seen to pass."""
    file.write_text(ENTRY + 'gone = "2.4.0"\n')
    assert len(expectations.load(file, version)) == count


@pytest.mark.parametrize("name", adapter.names())
def test_every_adapter_tells_its_reasons_as_causes(name: str) -> None:
    """The entries of the adapters here name causes, and every cause is that of some entry."""
    known = expectations.read(adapter.home(name) / "expectations.toml")
    assert {entry.cause for entry in (*known.entries, *known.degraded)} == set(known.causes)


def test_entry_that_matches_nothing_is_refused(file: Path) -> None:
    """Globs that match no output of the catalogue are an error."""
    entries = expectations.load(file, "2.0")
    expectations.require(entries, ["fast"], {"offset/a": ["y"]}, file)
    with pytest.raises(ExpectationError, match="matches nothing"):
        expectations.require(entries, ["fast"], {"offset/a": ["mean"]}, file)


WHERE = {"": (True, True, True), "fma": (True, False, True), "no fma": (False, True, True)}
"""Conditions, and whether they hold with fma, without it, and where a record does not tell."""


@pytest.mark.parametrize("where", WHERE)
def test_an_entry_speaks_of_machines_with_its_trait(tmp_path: Path, where: str) -> None:
    """Without a condition of every machine; of one that tells nothing it may."""
    file = tmp_path / "expectations.toml"
    file.write_text(f'[[expect]]\npaths = ["*"]\ncases = ["*"]\nreason = "-"\nwhere = "{where}"\n')
    (entry,) = expectations.read(file).entries
    machines: tuple[dict[str, bool], ...] = ({"fma": True}, {"fma": False}, {})
    assert tuple(expectations.is_here(entry.where, traits) for traits in machines) == WHERE[where]
    for traits, holds in zip(machines[:2], WHERE[where][:2], strict=True):
        assert len(expectations.load(file, "1.0", traits)) == holds


def test_a_condition_on_an_unknown_trait_is_refused(tmp_path: Path) -> None:
    """An adapter without that trait cannot say where it fails."""
    file = tmp_path / "expectations.toml"
    file.write_text('[[expect]]\npaths = ["*"]\ncases = ["*"]\nreason = "-"\nwhere = "fma"\n')
    with pytest.raises(ExpectationError, match="where = 'fma' names no trait"):
        expectations.load(file, "1.0")


FLAKY = ENTRY + 'seen = "3 of 4"\n'


@pytest.mark.parametrize("status", [Status.FAIL, Status.CRASH, Status.TIMEOUT, Status.PASS])
def test_what_comes_and_goes_is_flaky_whichever_way_it_comes_out(
    file: Path, status: Status
) -> None:
    """The status is flaky, the rate is told, and so is what happened this time."""
    file.write_text(FLAKY)
    entries = expectations.load(file, "2.1.0")
    result = OutputResult(status=status, grade="A" if status is Status.PASS else None)
    found = applying.apply(entries, "fast", "offset/a", {"y": result})["y"]
    assert found.status is Status.FLAKY
    assert "3 of 4" in str(found.reason)
    assert f"[this time {status}]" in str(found.reason)
    assert came_out(found) is (status is Status.PASS)


@pytest.mark.parametrize("status", [Status.UNSUPPORTED, Status.NOT_RUN])
def test_what_did_not_come_out_is_not_flaky(file: Path, status: Status) -> None:
    """An output that was not tried neither came nor went."""
    file.write_text(FLAKY)
    assert outcome(file, status) is status


def test_flaky_is_neither_red_nor_green() -> None:
    """It fails no run, and a run of nothing else compared nothing."""
    assert Status.FLAKY not in RED | COMPARED


@pytest.mark.parametrize("seen", ["always", "4 of 4", "0 of 4", "5 of 4", "3/4", "-1 of 4", ""])
def test_a_rate_that_is_none_is_refused(file: Path, seen: str) -> None:
    """What always fails is a failure, what never does is none: neither is flaky."""
    file.write_text(f'{ENTRY}seen = "{seen}"\n')
    with pytest.raises(ExpectationError, match=r'such as "3 of 4"'):
        expectations.read(file)


@pytest.mark.parametrize("seen", ["1 of 4", "3 of 4", "1 of 2"])
def test_what_came_once_at_least_and_not_always_has_a_rate(file: Path, seen: str) -> None:
    """Once is enough, and so is once short of always."""
    file.write_text(f'{ENTRY}seen = "{seen}"\n')
    (entry,) = expectations.read(file).entries
    assert entry.seen == seen


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are told with the file, and what was wanted."""
    file = tmp_path / "expectations.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ExpectationError, match=r"cannot be read.*TOML in UTF-8 was wanted"):
        expectations.read(file)


def test_what_comes_and_goes_needs_a_reason(file: Path) -> None:
    """A rate does not say why."""
    file.write_text(FLAKY.replace('reason = "one pass"\n', ""))
    with pytest.raises(ExpectationError, match="cause or reason"):
        expectations.read(file)
