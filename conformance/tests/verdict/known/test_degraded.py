"""What is degraded, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import ExpectationError
from conformance.verdict.known import applying, expectations
from conformance.verdict.known.findings import Findings, find
from conformance.verdict.known.outputs import Reported, Triple
from conformance.verdict.known.telling import told
from conformance.verdict.known.writing import rewritten
from conformance.verdict.record import OutputResult, Status

FILE = Path("expectations.toml")
CAUSE = (
    "[cause.one-pass]\nreason = 'cancels'\nby_design = 'its documentation'\nlink = 'https://x'\n"
)
TABLE = "\n[[degraded]]\ncause = 'one-pass'\npaths = ['fast']\ncases = ['a/*']\noutputs = ['y']\n"
EXPECT = "\n[[expect]]\nreason = 'wrong'\npaths = ['fast']\ncases = ['a/b']\noutputs = ['y']\n"
DUE = {"a/b": ("y", "dx"), "c/d": ("y", "dx")}


def _outcome(tmp_path: Path, text: str, status: Status) -> OutputResult:
    """What becomes of y of one case."""
    file = tmp_path / FILE
    file.write_text(text)
    results = {"y": OutputResult(status=status, reason="lossy")}
    return applying.apply(expectations.load(file, "1"), "fast", "a/b", results)["y"]


def _findings(text: str, *degraded: Triple) -> tuple[Findings, list[str]]:
    """What a run says of a file, and the lines that tell it."""
    seen = Reported(
        version="1",
        paths=("fast",),
        failed=frozenset(),
        passed=frozenset(degraded),
        degraded=frozenset(degraded),
    )
    found = find(expectations.parse(text, FILE), seen, DUE, ("fast", "slow"))
    return found, list(told(found, DUE, updated=False))


def test_what_is_degraded_stays_so_with_its_cause_beside_it(tmp_path: Path) -> None:
    """The status is that of the grade; reason, link and name of the cause are told with it."""
    found = _outcome(tmp_path, CAUSE + TABLE, Status.DEGRADED)
    assert (found.status, found.known) == (Status.DEGRADED, ("one-pass",))
    assert found.reason == "lossy; cancels (https://x)"


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.DEGRADED])
def test_nothing_else_is_explained_by_being_degraded(tmp_path: Path, status: Status) -> None:
    """What is right is right, and what fails goes on failing, whatever a table matches."""
    found = _outcome(tmp_path, CAUSE + TABLE, status)
    assert found == OutputResult(status=status, reason="lossy")


def test_a_failure_that_is_expected_comes_first(tmp_path: Path) -> None:
    """Where an entry expects a failure, being degraded is an unexpected pass all the same."""
    found = _outcome(tmp_path, CAUSE + TABLE + EXPECT, Status.DEGRADED)
    assert found.status is Status.UNEXPECTED_PASS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CAUSE + TABLE + "gone = '2'\n", r"\[\[degraded\]\] 1 has gone or seen"),
        (CAUSE + TABLE + "seen = '1 of 2'\n", r"\[\[degraded\]\] 1 has gone or seen"),
        (TABLE, r"\[\[degraded\]\] 1 has cause = 'one-pass', one of \[\]"),
        ("[degraded]\ncause = 'c'\n", r"degraded = .*, tables \[\[degraded\]\] were wanted"),
    ],
)
def test_what_a_table_misspells_is_named(text: str, words: str) -> None:
    """Which table it is, what was found in it and what was wanted."""
    with pytest.raises(ExpectationError, match=words):
        expectations.parse(text, FILE)


def test_what_is_degraded_without_a_cause_is_named() -> None:
    """Outputs that no table matches are listed, and those of a table are not."""
    found, lines = _findings(CAUSE + TABLE, ("fast", "a/b", "y"), ("fast", "c/d", "dx"))
    assert found.unexplained == {("fast", "c/d", "dx")}
    assert found.idle == ()
    assert lines[0].startswith("1 degraded outputs have no cause yet")
    assert lines[1:] == ["  fast: c/d: dx"]


def test_a_table_that_explains_nothing_is_named() -> None:
    """It is told where its paths ran and none of its outputs is degraded."""
    found, lines = _findings(CAUSE + TABLE)
    assert found.idle == (1,)
    assert lines == ["[[degraded]] 1 explains nothing: none of its outputs is degraded in this run"]
    assert _findings(CAUSE + TABLE.replace("fast", "slow"))[0].idle == ()


def test_tables_stay_where_entries_are_written_anew() -> None:
    """Updating the entries leaves what is told of degraded outputs as it is."""
    pytest.importorskip("tomlkit", reason="writing needs the extra update")
    made = rewritten(CAUSE + TABLE + EXPECT, [EXPECT.strip() + "\n"], FILE)
    assert made.count(TABLE.strip()) == made.count(EXPECT.strip()) == 1
