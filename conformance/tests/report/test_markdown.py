"""Tests of the matrix as Markdown."""

from __future__ import annotations

import re

from conformance.report.join import join
from conformance.report.markdown import LINES, as_markdown, code, text
from conformance.tests.report.records import (
    EVERY,
    NASTY,
    case,
    every_status,
    failed,
    many,
    passed,
    record,
    silent,
)
from conformance.verdict.record import Status


def rows(markdown: str) -> list[list[str]]:
    """The cells of every line of a table."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")]
    return [re.split(r"(?<!\\) \| ", line[2:-2]) for line in lines]


def test_the_verdict_comes_first() -> None:
    """The first line says whether the paths conform, with a sign."""
    assert as_markdown(join([record([case({"y": passed()})])])).startswith("✅ **as expected")
    assert as_markdown(join([record([case({"y": failed()})])])).startswith("❌ **not as expected")


def test_a_failing_output_is_listed_with_its_repro() -> None:
    """Path, output, case, worst element and repro stand in one row of the second table."""
    markdown = as_markdown(join([record([case({"dx": failed(), "y": passed()})])]))
    (row,) = (cells for cells in rows(markdown) if cells[0] == "**✗ fail**")
    assert row[1:4] == ["torch/functional", "dx", "offset/1e4"]
    assert "dx\\[0, 3\\] is 0.5, expected 0.25" in row[4]
    assert row[5] == "`conformance run torch/functional --case offset/1e4`"


def test_each_cell_shows_grade_units_and_counts() -> None:
    """A cell has sign, worst grade, largest error and every status with its count."""
    cases = [case({"y": passed(3.0), "dx": failed(2600.0), "var": silent(Status.UNSUPPORTED)})]
    markdown = as_markdown(join([record(cases)]))
    head = next(i for i, cells in enumerate(rows(markdown)) if cells[1] == "version")
    cell = rows(markdown)[head + 2][3]
    assert cell == ("**✗ F 2.6e3**<br><sub>1\u00a0fail, 1\u00a0pass, 1\u00a0unsupported</sub>")


def test_what_was_not_compared_is_no_pass() -> None:
    """Unsupported, not-run, absent and missing cells are words without a tick."""
    cases = [
        case({"y": silent(Status.UNSUPPORTED)}),
        case({"y": silent(Status.NOT_RUN)}, "tiny/1", dtype="float64"),
    ]
    other = record([case({"y": passed()}, "shapes/1", dtype="float16")], "jax/linen")
    markdown = as_markdown(join([record(cases), other], ["paddle", "jax"]))
    by_path = {cells[0]: cells for cells in rows(markdown)}
    assert by_path["torch/functional"][3:] == ["○ not-run", "– unsupported", "○ not in record"]  # noqa: RUF001 - the sign
    assert by_path["paddle"][1:] == ["did not report", "–", *["○ not-run"] * 3]  # noqa: RUF001 - the sign
    assert by_path["○ missing"][1] == "paddle"


def test_expected_failures_are_listed_after_red_ones() -> None:
    """What is known to fail is named with its reason, below what is red, and not bold."""
    cases = [
        case({"y": failed(status=Status.EXPECTED_FAIL, reason="known fault 7")}),
        case({"y": failed()}, "tiny/1"),
    ]
    named = [cells[0] for cells in rows(as_markdown(join([record(cases)])))[5 - 1 :]]
    assert named[-2:] == ["**✗ fail**", "(✗) expected-fail"]
    assert "known fault 7" in as_markdown(join([record(cases)]))


def test_alike_failures_share_a_row() -> None:
    """Outputs of one path, status and group are one row with their number and the worst case."""
    cases = [case({"y": failed(float(i)), "dx": failed(1.0)}, f"offset/{i}") for i in range(20, 25)]
    markdown = as_markdown(join([record(cases)]))
    (row,) = (cells for cells in rows(markdown) if cells[0] == "**✗ fail**")
    assert row[2] == "y, dx (10 outputs of 5 cases)"
    assert row[3] == "offset/24"


def test_thirty_paths_fit_into_a_summary() -> None:
    """The whole keeps to its length, counts what it leaves out, and lists every path."""
    records = many(30, 200)
    markdown = as_markdown(join(records, ["paddle"]))
    assert len(markdown.splitlines()) <= LINES
    left = re.search(r"and ([\d,]+) more outputs: see index.html", markdown)
    assert left
    for one in records:
        assert f"| {text(f'{one.adapter}/{one.path}')} |" in markdown


def test_every_row_has_the_cells_of_its_head() -> None:
    """No text from a framework breaks out of its cell."""
    nasty = f"{NASTY}\n| a | `b` ``c``"
    cases = [case({"y": silent(Status.CRASH, nasty)}, f"offset/{nasty}")]
    markdown = as_markdown(join([record(cases, device=nasty)]))
    for line in markdown.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6, 7)
    assert "<script>" not in re.sub(r"(`+) ?.*?\1(?!`)", "", markdown)


def test_code_is_closed_by_more_ticks_than_it_holds() -> None:
    """Ticks and bars inside a code span stay inside."""
    assert code("a") == "`a`"
    assert code("a ``b` | c") == "``` a ``b` \\| c ```"


def test_markup_is_shown_as_it_is() -> None:
    """Stars, brackets and tags in a reason are text."""
    assert text("<b> *a* [b](c) a_b") == r"&lt;b&gt; \*a\* \[b\](c) a\_b"


def test_the_legend_explains_what_occurs() -> None:
    """Every status of the matrix is explained below it."""
    markdown = as_markdown(join([every_status()]))
    for status in Status:
        assert f"**{status}**:" in markdown
    assert "**not-run**:" in as_markdown(join([record([case({"y": EVERY[Status.PASS]})])], ["jax"]))
