"""Tests of what the page folds away."""

from __future__ import annotations

from conformance.report.folds import SHOWN, path_folds, silences
from conformance.report.join import join
from conformance.tests.report.records import case, failed, many, passed, record, silent
from conformance.verdict.record import Status


def test_all_findings_are_folded_where_there_is_room() -> None:
    """The counts of the folds add up to the findings, by path and by kind."""
    matrix = join(many(12, 100))
    folds = path_folds(matrix, 10_000)
    assert sum(sum(fold.counts.values()) for fold in folds.values()) == len(matrix.findings)
    for fold in folds.values():
        assert fold.left == 0
        assert sum(sum(kind.counts.values()) for kind in fold.kinds) == sum(fold.counts.values())
        assert len({kind.kind for kind in fold.kinds}) == len(fold.kinds)


def test_short_lists_leave_their_room_to_long_ones() -> None:
    """A path with few findings keeps them all; the rest is shared."""
    one = record([case({"y": failed()})], "torch/a")
    long = [case({"y": failed()}, f"offset/{index}") for index in range(30)]
    folds = path_folds(join([one, record(long, "torch/b"), record(long, "torch/c")]), 21)
    assert [folds[index].left for index in range(3)] == [0, 20, 20]


def test_outputs_that_fell_together_are_said_once() -> None:
    """A crash of a case is one line with all of its outputs."""
    outputs = {name: silent(Status.CRASH, "killed") for name in ("y", "dx", "dbeta")}
    folds = path_folds(join([record([case(outputs)])]), 100)
    (incident,) = folds[0].kinds[0].incidents
    ((line,), statuses) = (incident.lines, incident.statuses)
    assert [part.outputs for part in line.parts] == ["y, dx, dbeta"]
    assert statuses == "crash"


def test_a_reason_is_said_once_for_several_elements() -> None:
    """Outputs that share a reason keep an element each."""
    wrong = {name: failed(reason="known", status=Status.EXPECTED_FAIL) for name in ("y", "dx")}
    ((line,),) = (
        one.lines for one in path_folds(join([record([case(wrong)])]), 9)[0].kinds[0].incidents
    )
    assert line.reason == "known"
    assert [part.place for part in line.parts] == ["y[0, 3]", "dx[0, 3]"]


def test_a_long_reason_is_cut_visibly() -> None:
    """What is cut ends in an ellipsis."""
    folds = path_folds(join([record([case({"y": failed(reason="x" * 1000)})])]), 9)
    reason = folds[0].kinds[0].incidents[0].lines[0].reason
    assert (len(reason), reason[-1]) == (SHOWN, "…")


def test_silences_count_the_reasons() -> None:
    """What was not compared is counted by status and reason; absent cases and paths are named."""
    cases = [
        case({"y": silent(Status.UNSUPPORTED, "no half"), "dx": passed()}),
        case({"y": silent(Status.UNSUPPORTED, "no half")}, "tiny/1"),
        case({"y": silent(Status.NOT_RUN, "sampled")}, "tiny/2"),
    ]
    matrix = join([record(cases), record(cases[:1], "torch/other")], ["jax"])
    found = {one.column.name: one.reasons for one in silences(matrix)}
    assert found["torch/functional"] == (
        (Status.UNSUPPORTED, "no half", 2),
        (Status.NOT_RUN, "sampled", 1),
    )
    assert found["torch/other"][-1][1] == "2 cases of other records are not in this one"
    assert found["jax"] == ((Status.NOT_RUN, "jax was required and did not report", 0),)
