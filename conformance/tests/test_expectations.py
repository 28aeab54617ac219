"""Known failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import expectations
from conformance.errors import ExpectationError
from conformance.record import OutputResult, Status

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
    return expectations.apply(entries, path, case, results)["y"].status


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
        ("[[expect]]\npaths = ['a']\ncases = ['b']", "lacks \\['reason'\\]"),
        (
            "[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\nwhy = 'd'",
            "unknown keys \\['why'",
        ),
        ("[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\noutputs = ['z']", "\\['z'\\]"),
        ("[[expect]]\npaths = ['a']\ncases = ['b']\nreason = 'c'\nversions = 'new'", "'new'"),
        ("[[expect]", "is not TOML"),
        ("[other]", "only \\[\\[expect\\]\\]"),
    ],
)
def test_malformed_file_is_refused(file: Path, text: str, words: str) -> None:
    """A misspelled expectation is an error, never ignored."""
    file.write_text(text)
    with pytest.raises(ExpectationError, match=words):
        expectations.load(file, "2.0")


def test_entry_that_matches_nothing_is_refused(file: Path) -> None:
    """Globs that match no output of the catalogue are an error."""
    entries = expectations.load(file, "2.0")
    expectations.check(entries, ["fast"], {"offset/a": ["y"]}, file)
    with pytest.raises(ExpectationError, match="matches nothing"):
        expectations.check(entries, ["fast"], {"offset/a": ["mean"]}, file)
