"""How known failures fail: an expected failure cannot become any other one."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from conformance.errors import ExpectationError
from conformance.verdict.known import applying, sizes
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.record import OutputResult, Status, Worst

ENTRY = KnownFailure(paths=("fast",), cases=("a/b",), outputs=("y",), reason="why", cause="lossy")


def failed(units: float | None, actual: float = 0.5, edges: tuple[str, ...] = ()) -> OutputResult:
    """An output that fails by so many units."""
    worst = Worst(index=(0,), actual=actual, expected=0.25, bound=1e-7)
    return OutputResult(status=Status.FAIL, grade="F", units=units, worst=worst, edges=edges)


def raised(reason: str) -> OutputResult:
    """An output of a call that raised."""
    return OutputResult(status=Status.ERROR, reason=reason)


WAYS = [
    (failed(1234.5), "1.23e+03"),
    (failed(None, math.nan), "not finite"),
    (failed(None, math.inf), "not finite"),
    (failed(1234.5, math.nan), "not finite"),
    (failed(99.0, edges=("nan-inputs",)), "edge"),
    (OutputResult(status=Status.FAIL, grade="F", reason="y has shape (1,)"), "form"),
    (raised("TypeError: no"), "error TypeError"),
    (OutputResult(status=Status.CRASH, reason="SIGFPE"), "crash"),
    (OutputResult(status=Status.TIMEOUT, reason="late"), "timeout"),
]


@pytest.mark.parametrize(("result", "word"), WAYS)
def test_every_way_to_fail_has_a_word(result: OutputResult, word: str) -> None:
    """The words are told apart, and each is as it was recorded."""
    assert sizes.way(result) == word
    assert sizes.is_as_recorded(word, word)


@pytest.mark.parametrize(
    ("recorded", "now", "same"),
    [
        ("1.00e+03", "1.60e+04", True),
        ("1.00e+03", "1.70e+04", False),
        ("1.00e+03", "2.00e+01", True),
        ("1.00e+03", "not finite", False),
        ("not finite", "1.00e+03", False),
        ("not finite", "edge", False),
        ("edge", "1.00e+03", False),
        ("1.00e+03", "form", False),
        ("error TypeError", "error ValueError", False),
        ("error TypeError", "crash", False),
        ("1.00e+03", "crash", False),
    ],
)
def test_another_way_or_a_much_larger_error_is_another_failure(
    recorded: str, now: str, same: bool
) -> None:
    """An error may grow sixteenfold, and no kind may become another."""
    assert sizes.is_as_recorded(recorded, now) is same


def test_what_fails_otherwise_than_recorded_stays_a_failure() -> None:
    """It is red, says what was recorded and what came, and keeps its cause."""
    recorded = {("fast", "a/b", "y"): "1.00e+03"}
    garbage = {"y": failed(1e9)}
    found = applying.apply([ENTRY], "fast", "a/b", garbage, recorded)["y"]
    assert found.status is Status.FAIL
    assert found.known == ("lossy",)
    assert "1.00e+03 units was recorded, 1.00e+09 units came" in str(found.reason)
    as_known = applying.apply([ENTRY], "fast", "a/b", {"y": failed(900.0)}, recorded)["y"]
    assert (as_known.status, as_known.way) == (Status.EXPECTED_FAIL, "9.00e+02")


def test_what_was_never_recorded_is_expected_as_before() -> None:
    """An entry whose failures nobody recorded excuses what it matches."""
    found = applying.apply([ENTRY], "fast", "a/b", {"y": failed(1e9)})["y"]
    assert found.status is Status.EXPECTED_FAIL


def test_a_pass_is_no_failure_of_another_size() -> None:
    """What passes is an unexpected pass, whatever was recorded."""
    recorded = {("fast", "a/b", "y"): "1.00e+03"}
    passed = {"y": OutputResult(status=Status.PASS, grade="A", units=1.0)}
    found = applying.apply([ENTRY], "fast", "a/b", passed, recorded)["y"]
    assert found.status is Status.UNEXPECTED_PASS


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Every word keeps the schema, and reading gives what was written."""
    said = {("fast", f"a/c{i}", "y"): word for i, (_, word) in enumerate(WAYS)}
    sizes.write(said, tmp_path / sizes.NAME)
    assert sizes.read(tmp_path / sizes.NAME) == said
    assert len((tmp_path / sizes.NAME).read_text().splitlines()) == len(WAYS) + 7


def test_no_file_records_nothing(tmp_path: Path) -> None:
    """An adapter without the file is held to its entries alone."""
    assert sizes.read(tmp_path / sizes.NAME) == {}


@pytest.mark.parametrize(
    "said",
    [
        {"fast": {"a/b": {"y": "any"}}},
        {"fast": {"a/b": {"z": "form"}}},
        {"fast": {"../b": {"y": "form"}}},
        {"fast": {"a/b": {"y": "1e3"}}},
        {"fast": {"a/b": {"y": "nan"}}},
    ],
)
def test_a_file_that_says_other_things_is_refused(tmp_path: Path, said: object) -> None:
    """A word, an output or a case that cannot be is an error that names the file."""
    file = tmp_path / sizes.NAME
    file.write_text(json.dumps({"schema": sizes.SCHEMA, "sizes": said}))
    with pytest.raises(ExpectationError, match=r"sizes\.json"):
        sizes.read(file)


def test_paths_that_did_not_run_keep_their_sizes() -> None:
    """A run of one path writes its own sizes anew, and leaves those of others."""
    old = {("fast", "a/b", "y"): "form", ("slow", "a/b", "y"): "crash"}
    ran = {("fast", "a/c", "y"): "edge"}
    assert sizes.renewed(old, ran, ["fast"]) == {
        ("slow", "a/b", "y"): "crash",
        ("fast", "a/c", "y"): "edge",
    }
