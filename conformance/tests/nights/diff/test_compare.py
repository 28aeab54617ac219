"""Tests of `nights.diff.compare`: a planted change of each kind is named, and no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

from conformance.errors import HistoryError
from conformance.nights.diff.changes import WORSENING, ChangeKind, Difference
from conformance.nights.diff.compare import compare
from conformance.nights.diff.payload import as_json
from conformance.nights.diff.wording import as_markdown, as_text, verdict
from conformance.nights.history import History
from conformance.tests.nights.history.nights import add, cases, night
from conformance.tests.report.records import EVERY, case, failed, passed, save, silent
from conformance.verdict.record import CaseResult, OutputResult, Status

OLD = {"y": passed(3.0), "dx": passed(2.0), "dgamma": EVERY[Status.EXPECTED_FAIL]}
EXCUSED = replace(failed(), status=Status.EXPECTED_FAIL, reason="a known bug")

PLANTED: Mapping[str, tuple[ChangeKind, OutputResult]] = {
    "a failure": (ChangeKind.NEW_FAILURE, failed()),
    "a crash": (ChangeKind.NEW_FAILURE, silent(Status.CRASH, "SIGSEGV")),
    "a worse grade": (ChangeKind.WORSE, passed(18.0, "B")),
    "an error that grew": (ChangeKind.DRIFT, passed(6.5)),
    "no longer compared": (ChangeKind.UNCOMPARED, silent(Status.NOT_RUN)),
    "no longer supported": (ChangeKind.UNCOMPARED, silent(Status.UNSUPPORTED)),
    "excused": (ChangeKind.EXCUSED, EXCUSED),
}
"""What y may become that a reader must hear of."""


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history of one night, with `OLD` on torch/functional and jax/jnp."""
    made = History(tmp_path / "history")
    add(made, 0, results=cases(OLD))
    return made


def then(history: History, results: list[CaseResult], **named: str) -> Difference:
    """What changed if torch/functional gives these results in the next night."""
    first = night(1, ["torch/functional"], results=results, **named)
    history.add([*first, *night(1, ["jax/jnp"], results=cases(OLD))])
    return compare("previous", "latest", history)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_change_is_named(history: History, name: str) -> None:
    """One output that changed is one change of its kind, in its column, and nothing else is."""
    kind, result = PLANTED[name]
    results = cases(OLD)
    results[1] = replace(results[1], outputs={**OLD, "y": result})
    found = then(history, results)
    (change,) = found.changes
    assert (change.kind, change.column) == (kind, "torch/functional")
    assert (change.case, change.output) == ("offset/1", "y")
    assert found.worse == (kind in WORSENING)
    for text in (as_text(found), as_markdown(found)):
        assert "offset/1" in text.replace("\\", "")


def test_what_fails_as_before_hides_no_change(history: History) -> None:
    """An output that is still red is no change, and those of the same case behind it are told."""
    still = {**OLD, "dx": failed(90.0)}
    then(history, cases(still))
    after = {**still, "dx": failed(9000.0), "y": passed(18.0, "B")}
    first = night(2, ["torch/functional"], results=cases(after))
    history.add([*first, *night(2, ["jax/jnp"], results=cases(OLD))])
    changes = compare("previous", "latest", history).changes
    assert {(change.output, change.kind) for change in changes} == {("y", ChangeKind.WORSE)}


def test_a_run_that_was_stopped_is_set_aside(tmp_path: Path) -> None:
    """Half a run is not compared with a whole one, as if its other cases were gone."""
    whole = night(0, results=cases(OLD))
    save(whole, tmp_path / "old")
    half = night(1, ["torch/functional"], results=cases(OLD)[:1])
    save([replace(half[0], partial="Ctrl-C"), whole[1]], tmp_path / "new")
    found = compare(str(tmp_path / "old"), str(tmp_path / "new"), History(tmp_path / "none"))
    assert ChangeKind.VANISHED not in {change.kind for change in found.changes}
    assert found.compared > 0


def test_nothing_changed(history: History) -> None:
    """Equal nights have no difference, and every output was compared."""
    found = then(history, cases(OLD))
    assert (found.changes, found.circumstances, found.worse) == ((), (), False)
    assert verdict(found) == ("nothing worse: nothing changed; 2 columns, 18 outputs compared")


@pytest.mark.parametrize("now", [passed(), EVERY[Status.UNEXPECTED_PASS], EVERY[Status.DEGRADED]])
def test_what_failed_and_passes_is_fixed(history: History, now: OutputResult) -> None:
    """An expected failure that passes is fixed, also where its expectation is still there."""
    found = then(history, cases({**OLD, "dgamma": now}))
    assert {change.kind for change in found.changes} == {ChangeKind.FIXED}
    assert not found.worse


def test_errors_below_a_unit_do_not_drift(tmp_path: Path) -> None:
    """A tenth of a unit that becomes a half is the luck of one rounding; so is less than twice."""
    small = History(tmp_path / "small")
    add(small, 0, results=cases({"y": passed(0.1), "dx": passed(3.0)}))
    add(small, 1, results=cases({"y": passed(0.9), "dx": passed(5.5)}))
    assert compare("previous", "latest", small).changes == ()
    assert len(compare("previous", "latest", small, floor=0.5).changes) == 6
    assert len(compare("previous", "latest", small, factor=1.5).changes) == 6


def test_cases_come_and_go(history: History) -> None:
    """A case that vanished is told once, not once per output; so is a new one."""
    found = then(history, [*cases(OLD)[:2], case(OLD, "offset/new")])
    told = [(change.kind, change.case, change.output) for change in found.changes]
    assert told == [(ChangeKind.VANISHED, "offset/2", ""), (ChangeKind.ADDED, "offset/new", "")]
    assert found.worse


def test_a_column_that_did_not_report_is_told_once(history: History) -> None:
    """It is a change in the night in which it happens, and an alarm in those that follow."""
    history.add(night(1, ["jax/jnp"], results=cases(OLD)), {"torch/functional": "exit 1"})
    history.add(night(2, ["jax/jnp"], results=cases(OLD)), {"torch/functional": "exit 1"})
    (change,) = compare("2026-05-01", "2026-05-02", history).changes
    assert (change.kind, change.column, change.note) == (
        ChangeKind.MISSING,
        "torch/functional",
        "exit 1",
    )
    assert compare("2026-05-02", "2026-05-03", history).changes == ()


def test_a_column_that_left_no_trace_is_missing(history: History) -> None:
    """Nobody need have expected it: it was there the night before."""
    add(history, 1, ["jax/jnp"], results=cases(OLD))
    (change,) = compare("previous", "latest", history).changes
    assert (change.kind, change.column) == (ChangeKind.MISSING, "torch/functional")


def test_a_column_that_compares_nothing_is_told(history: History) -> None:
    """Beside its outputs, each of which is compared no longer."""
    found = then(history, cases({name: silent(Status.NOT_RUN) for name in OLD}))
    assert [change.kind for change in found.of([ChangeKind.SILENT])] == [ChangeKind.SILENT]


def test_what_differs_around_it_is_told(history: History) -> None:
    """Versions, the catalogue and the machine are named, each for what it is."""
    add(history, 1, results=cases(OLD), processor="old", commit="a", packages="numpy==1 six==1")
    add(
        history, 2, results=cases(OLD), version="2.14.0", digest="def0" * 16, processor="new",
        commit="b", packages="numpy==1 six==2",
    )  # fmt: skip
    found = compare("previous", "latest", history).circumstances
    seen = {(c.about, c.name, c.old, c.new) for c in found if c.column == "torch/functional"}
    assert seen == {
        ("framework", "torch", "2.13.0", "2.14.0"),
        ("suite", "catalogue", "abc0" * 3, "def0" * 3),
        ("suite", "commit", "a", "b"),
        ("machine", "processor", "old", "new"),
        ("environment", "packages", "six==1", "six==2"),
    }


def test_folders_of_records_are_compared_too(tmp_path: Path) -> None:
    """A pull request has no history: two folders do."""
    save(night(0, results=cases(OLD)), tmp_path / "old")
    save(night(1, results=cases({**OLD, "y": failed()})), tmp_path / "new")
    found = compare(str(tmp_path / "old"), str(tmp_path / "new"), History(tmp_path / "none"))
    assert len(found.of([ChangeKind.NEW_FAILURE])) == 6


def test_the_newest_versions_are_held_against_the_pinned(tmp_path: Path) -> None:
    """A folder of another channel is compared path by path: what would an upgrade change?"""
    save(night(0, results=cases(OLD)), tmp_path / "pinned")
    newest = night(1, results=cases({**OLD, "y": failed()}), version="2.15.0", channel="newest")
    save(newest, tmp_path / "newest")
    found = compare(str(tmp_path / "pinned"), str(tmp_path / "newest"), History(tmp_path / "none"))
    assert {change.kind for change in found.changes} == {ChangeKind.NEW_FAILURE}


def test_the_json_keeps_its_schema(history: History) -> None:
    """Machines get every change, in the form that is promised."""
    schema = json.loads((resources.files("conformance") / "schemas" / "diff.json").read_text())
    said = json.loads(as_json(then(history, cases({**OLD, "y": passed(9.0)}))))
    jsonschema.validate(said, schema)
    assert said["counts"] == {"drift": 3}
    assert said["changes"][0]["factor"] == 3.0


def test_markup_in_a_reason_stays_text(history: History) -> None:
    """A reason cannot break the Markdown of a job summary."""
    nasty = failed(reason="`x` | <script> **b**\nnext")
    text = as_markdown(then(history, cases({**OLD, "y": nasty})))
    assert "<script>" not in text
    assert r"\`x\` \| &lt;script&gt; \*\*b\*\* next" in text


@pytest.mark.parametrize(("factor", "floor"), [(1.0, 1.0), (0.5, 1.0), (2.0, -1.0)])
def test_senseless_limits_are_refused(history: History, factor: float, floor: float) -> None:
    """A factor that does not grow, or a negative floor, is named."""
    add(history, 1, results=cases(OLD))
    with pytest.raises(HistoryError, match=f"factor = {factor}, floor = {floor}"):
        compare("previous", "latest", history, factor=factor, floor=floor)
