"""What a path is, whatever was expected of it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from conformance.report import standing, wording
from conformance.report.join import join
from conformance.report.terminal import show
from conformance.tests.report.records import EVERY, case, failed, many, passed, record, silent
from conformance.verdict.record import CaseResult, OutputResult, Status

DEGRADED = EVERY[Status.DEGRADED]


def known(*edges: str, cause: str = "one-pass") -> OutputResult:
    """An output that fails as expected, at edges alone if there are any."""
    return replace(EVERY[Status.EXPECTED_FAIL], edges=edges, known=(cause,))


def at_edge(*outputs: OutputResult) -> CaseResult:
    """A case that poses an edge."""
    named = dict(zip(("y", "dx", "dgamma"), outputs, strict=False))
    return replace(case(named, "nonfinite/a"), edges=("nan-inputs",))


@pytest.mark.parametrize(
    ("outputs", "values", "grade"),
    [
        ((passed(), passed(20, "B")), standing.CONFORMS, "B"),
        ((passed(), silent(Status.UNSUPPORTED)), standing.CONFORMS, "A"),
        ((passed(), DEGRADED), standing.DEGRADED, "C"),
        ((passed(), known()), standing.KNOWN, "F"),
        ((passed(), known("nan-inputs")), standing.CONFORMS, "A"),
        ((passed(), failed()), standing.FAILS, "F"),
        ((known(), failed()), standing.FAILS, "F"),
        ((passed(), EVERY[Status.CRASH]), standing.FAILS, "F"),
        ((passed(), EVERY[Status.FLAKY]), standing.KNOWN, "F"),
        ((passed(), EVERY[Status.UNEXPECTED_PASS]), standing.CONFORMS, "A"),
        ((silent(Status.UNSUPPORTED),), standing.NOTHING, None),
        ((silent(Status.NOT_RUN),), standing.NOTHING, None),
    ],
)
def test_values_are_told_whatever_was_expected(
    outputs: tuple[OutputResult, ...], values: str, grade: str | None
) -> None:
    """An expected failure is a wrong value all the same; an edge alone is none."""
    named = dict(zip(("y", "dx"), outputs, strict=False))
    found = standing.of(record([case(named)]))
    assert (found.values, found.grade) == (values, grade)


def test_what_did_not_report_or_was_stopped_told_nothing() -> None:
    """Neither a missing record nor that of a stopped run conforms."""
    assert standing.of(None).values == standing.NOTHING
    stopped = replace(record([case({"y": passed()})]), partial="stopped by Ctrl-C")
    assert standing.of(stopped).values == standing.NOTHING


def test_edges_are_kept_differ_or_are_not_told() -> None:
    """An edge counts where something was graded there and no value was wrong."""
    kept = standing.of(record([at_edge(passed())]))
    assert (kept.edges, kept.is_strict) == ({"nan-inputs": True}, True)
    off = standing.of(record([at_edge(passed(), known("nan-inputs"))]))
    assert (off.edges, off.conforms, off.is_strict) == ({"nan-inputs": False}, True, False)
    hidden = standing.of(record([at_edge(passed(), failed())]))
    assert not hidden.edges
    assert not standing.of(record([at_edge(silent(Status.UNSUPPORTED))])).edges


def test_known_failures_are_counted_cause_by_cause() -> None:
    """The most frequent cause comes first; edges count as well."""
    found = standing.of(
        record(
            [
                case({"y": known(cause="b"), "dx": known(cause="a")}),
                at_edge(known("nan-inputs", cause="b")),
            ]
        )
    )
    assert found.causes == {"b": 2, "a": 1}
    assert list(found.causes) == ["b", "a"]
    assert wording.causes(found) == "b 2, a 1"


def test_no_surprise_and_conforming_are_two_facts() -> None:
    """The headline says both: nothing red, and that no path conforms."""
    matrix = join([record([case({"y": passed(), "dx": known()})])])
    assert matrix.as_expected
    assert "as expected: nothing red in 1 path; 0 of 1 path conform in values" in wording.verdict(
        matrix
    )


def test_a_terminal_of_80_columns_has_a_line_for_every_path() -> None:
    """Names are unbroken, and values, edges and what was compared stand beside each."""
    records = [*many(8, 40), record([at_edge(passed(), known("nan-inputs"))], "zoo/path")]
    matrix, stream = join(records), StringIO()
    show(matrix, Console(file=stream, width=80, highlight=False), more="")
    lines = stream.getvalue().splitlines()
    for column, each in zip(matrix.columns, matrix.standings, strict=True):
        (line,) = (x for x in lines if x.startswith(f"  {column.name} ") and " of " in x)
        assert len(line) <= 80
        assert wording.values(each) in line
        assert f"{each.compared:,} of {each.due:,}" in line
    assert any("zoo/path: one-pass 1" in line for line in lines)
