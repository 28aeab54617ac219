"""Tests of joining run records."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from conformance.errors import SelectionError
from conformance.report.join import NOTABLE, join, pooled
from conformance.report.matrix import MatrixCell
from conformance.report.pile import Pile
from conformance.tests.report.records import (
    EVERY,
    case,
    every_status,
    failed,
    many,
    passed,
    record,
    silent,
)
from conformance.verdict.record import RED, OutputResult, Status


def cell_of(results: Sequence[OutputResult]) -> MatrixCell:
    """The cell of some outputs."""
    pile = Pile()
    pile.take(results)
    return pile.cell()


def test_the_counts_of_every_view_add_up_to_the_due_outputs() -> None:
    """No output is lost or counted twice, whichever way the cases are grouped."""
    records = many(12, 80)
    matrix = join(records)
    for index, column in enumerate(matrix.columns):
        assert column.record is not None
        due = sum(len(c.outputs) for c in column.record.cases)
        assert matrix.cell(matrix.total, index).due == due
        assert sum(matrix.cell(row, index).due for row in matrix.kinds) == due
        assert sum(matrix.cell(row, index).due for row in matrix.groups) == due


@pytest.mark.parametrize("status", Status)
def test_only_red_statuses_make_the_matrix_red(status: Status) -> None:
    """An expected failure, a degraded and an unsupported output conform; red ones do not."""
    matrix = join([record([case({"y": EVERY[status], "dx": passed()})])])
    assert matrix.as_expected is (status not in RED)
    assert [f.result.status for f in matrix.findings] == ([status] if status in NOTABLE else [])


def test_a_missing_column_is_not_run_and_red() -> None:
    """What was required and did not report has a column, which says so and is no pass."""
    matrix = join([record([case({"y": passed()})])], ["torch", "jax", "torch/compile"])
    assert [c.name for c in matrix.columns] == ["jax", "torch/compile", "torch/functional"]
    assert matrix.missing == ("jax", "torch/compile")
    assert not matrix.as_expected
    for row in matrix.rows:
        cell = matrix.cell(row, 0)
        assert cell.status is Status.NOT_RUN
        assert cell.compared == 0
        assert "did not report" in cell.why


def test_an_expected_adapter_that_reported_is_not_missing() -> None:
    """An adapter is there if one of its paths is, a path only if it is itself."""
    matrix = join([record([case({"y": passed()})])], ["torch", "torch/functional"])
    assert matrix.missing == ()
    assert matrix.as_expected


def test_an_expected_adapter_that_compared_nothing_is_red() -> None:
    """A record full of not-run is as empty as none."""
    idle = record([case({"y": silent(Status.NOT_RUN, "no GPU")})], "numba/cuda")
    busy = record([case({"y": passed()})])
    assert join([idle, busy]).as_expected
    matrix = join([idle, busy], ["numba", "torch"])
    assert matrix.silent == ("numba",)
    assert not matrix.as_expected
    assert any("no GPU" in note for note in matrix.notes)


def test_nothing_compared_does_not_conform() -> None:
    """Records in which all is unsupported are no success."""
    assert not join([record([case({"y": silent(Status.UNSUPPORTED)})])]).as_expected


def test_no_records_at_all_is_an_error() -> None:
    """A matrix without a column is refused."""
    with pytest.raises(SelectionError, match="nothing to report"):
        join([])


def test_a_cell_shows_the_worst() -> None:
    """The status is the most severe, the grade the lowest, the error the largest."""
    cell = cell_of([passed(3.0), passed(90.0, "B"), failed(812.0), silent(Status.UNSUPPORTED)])
    assert (cell.status, cell.grade, cell.units) == (Status.FAIL, "F", 812.0)
    assert cell.counts == {Status.PASS: 2, Status.FAIL: 1, Status.UNSUPPORTED: 1}
    assert (cell.due, cell.compared, cell.red) == (4, 3, 1)
    assert not cell.unbounded


def test_a_nan_is_worse_than_every_figure() -> None:
    """An error that no figure measures is marked, not dropped from the largest error."""
    cell = cell_of([passed(3.0), failed(None, actual=math.nan)])
    assert cell.unbounded


def test_a_crash_that_was_expected_was_not_compared() -> None:
    """An expected-fail without a grade was held against nothing."""
    assert cell_of([silent(Status.EXPECTED_FAIL, "aborts")]).compared == 0
    assert cell_of([EVERY[Status.EXPECTED_FAIL]]).compared == 1


def test_a_cell_that_is_no_pass_says_why() -> None:
    """The most frequent reason is given, and how many others there are."""
    unsupported = [silent(Status.UNSUPPORTED, reason) for reason in ("no half", "no half", "no 5D")]
    assert cell_of(unsupported).why == "no half (and 1 other reason)"
    assert cell_of([passed()]).why == ""


def test_cases_that_a_record_lacks_are_said() -> None:
    """A column that ran fewer cases has cells that say so and a note, and other digests too."""
    both = [case({"y": passed()}), case({"y": passed()}, "tiny/1", dtype="float64")]
    matrix = join([record(both), record(both[:1], "jax/linen", digest="def0" * 16)])
    (lacking,) = (row for row in matrix.kinds if row.dtype == "float64")
    cell = matrix.cell(lacking, 0)
    assert (cell.status, cell.due, cell.absent) == (Status.NOT_RUN, 0, 1)
    assert "none of the 1 cases" in cell.why
    assert any("1 of 2 cases" in note for note in matrix.notes)
    assert any("2 different catalogues" in note for note in matrix.notes)


def test_rows_come_in_an_order_that_does_not_depend_on_the_records() -> None:
    """Training first, then by layout, wide types first; columns by name."""
    records = many(6, 80)
    names = [row.name for row in join(records).kinds]
    assert names == [row.name for row in join(records[::-1]).kinds]
    assert names[:2] == ["train · NC · float64", "train · NC · float32"]
    modes = [row.mode for row in join(records).kinds]
    assert modes == sorted(modes, reverse=True, key=str)


def test_pooled_rows_hold_what_their_rows_hold() -> None:
    """A cell over several rows has the sum of their counts."""
    matrix = join(many(3, 80))
    train = [row for row in matrix.kinds if row.mode == "train"]
    for index in range(3):
        due = sum(matrix.cell(row, index).due for row in train)
        assert pooled(matrix, index, train).due == due


def test_every_status_is_counted_on_its_own() -> None:
    """The eleven statuses stay eleven."""
    matrix = join([every_status()])
    assert matrix.cell(matrix.total, 0).counts == dict.fromkeys(Status, 1)
