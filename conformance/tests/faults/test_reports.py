"""The kernels of reports say what they claim, and docs/reported.md is about these."""

from __future__ import annotations

import ast

import pytest

from conformance.cases import large
from conformance.faults import FAULTS
from conformance.oracle.edges import EDGES
from conformance.tests.ci.workflows import CHECKOUT, needs_checkout
from conformance.tests.faults.reports import HERE, Report, reports

ALL = {report.id: report for report in reports()}


@pytest.fixture(params=ALL)
def report(request: pytest.FixtureRequest) -> Report:
    """Each of them."""
    return ALL[request.param]


def test_a_kernel_is_the_layer_with_its_fault(report: Report) -> None:
    """Every line that is edited stands once in the layer, and the result is Python."""
    ast.parse(report.kernel())
    layer = (HERE / "layer.txt").read_text(encoding="utf-8")
    assert (report.kernel() == layer) == (not report.edits and not report.text)


def test_what_is_claimed_exists(report: Report) -> None:
    """Names are those of the dictionary and of edges; only what conforms says why it passes."""
    assert set(report.named) <= set(FAULTS)
    assert set(report.edges) <= set(EDGES)
    claims = [bool(claim) for claim in (report.named, report.edges, report.told, report.passes)]
    assert sum(claims) <= 1
    assert report.passes or not report.large
    assert not report.large or len(large.select([report.large])) == 1


def test_ids_name_files() -> None:
    """No two kernels have one name."""
    assert len(ALL) == len(reports())


@needs_checkout
def test_the_page_has_a_row_for_each(report: Report) -> None:
    """docs/reported.md says of each kernel what is claimed here: it was measured with these."""
    page = (CHECKOUT / "docs" / "reported.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split(" | ")] for line in page.splitlines()]
    starts = (f"| {report.id}", f"| [{report.id}](")
    (row,) = [row for row in rows if row[0] == starts[0] or row[0].startswith(starts[1])]
    _, fault, verdict, called = row
    assert fault == report.fault
    if report.by_chance and not verdict.startswith("CONFORMS"):
        return
    conforms = bool(report.passes or report.edges or report.told)
    assert verdict.startswith("CONFORMS") == conforms
    assert all(
        word in called for word in (*report.named, *report.told, report.passes, report.large)
    )
