"""Tests of the sentences that all formats share."""

from __future__ import annotations

import math

import pytest

from conformance.cases.published import CATALOGUE
from conformance.report.join import join
from conformance.report.wording import account, figure, incidents, verdict
from conformance.tests.report.records import EVERY, case, failed, passed, record, silent
from conformance.verdict.record import Status


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (3.25, "3.25"), (812.4, "812"), (2600.0, "2.6e3"), (1.2e-7, "1.2e-7")],
)
def test_a_figure_is_short(value: float, shown: str) -> None:
    """Three digits, and an exponent without padding."""
    assert figure(value) == shown


def test_an_account_names_the_element_and_the_distance() -> None:
    """Element, actual, expected, bound, units, grade and reason are all there."""
    said = account("dx", failed(reason="wrong"))
    assert said == ("dx[0, 3] is 0.5, expected 0.25, bound 1.2e-7, 812 units, grade F; wrong")


def test_an_account_does_not_say_the_element_twice() -> None:
    """Where the judge's reason has the element, it is not repeated."""
    said = account("dx", failed(reason="0.5 at [0, 3], expected 0.25: off by 0.25"))
    assert said.count("expected 0.25") == 1


def test_an_account_shows_nan() -> None:
    """A NaN is named as what the path returned."""
    assert "y[0, 3] is nan, expected 0.25" in account("y", failed(None, actual=math.nan))


def test_the_verdict_counts_what_is_red() -> None:
    """Statuses, paths, missing columns and compared outputs are in the first line."""
    red = record(
        [case({"y": failed(), "dx": passed(), "mean": silent(Status.UNSUPPORTED)})],
        digest=CATALOGUE,
    )
    said = verdict(join([red], ["torch", "jax"]))
    assert said == (
        "not as expected: 1 fail in 1 of 1 path; did not report: jax; 0 of 2 paths conform in "
        "values, 1 with others, 1 that told nothing; 2 of 3 outputs compared"
    )


def test_the_verdict_of_a_good_run_names_what_is_known() -> None:
    """Expected failures and degraded outputs are said, not hidden, where nothing is red."""
    outputs = {"y": passed(), "dx": EVERY[Status.EXPECTED_FAIL], "var": EVERY[Status.DEGRADED]}
    assert verdict(join([record([case(outputs)], digest=CATALOGUE)])) == (
        "as expected: nothing red in 1 path; 0 of 1 path conform in values, 1 with known wrong "
        "values; 3 of 3 outputs compared (1 expected-fail, 1 degraded)"
    )


def test_the_verdict_says_that_nothing_was_compared() -> None:
    """Silence is no success."""
    said = verdict(join([record([case({"y": silent(Status.NOT_RUN)})])]))
    assert said.startswith("not as expected: nothing was compared")


def test_incidents_are_the_outputs_of_one_case() -> None:
    """Outputs of one case stand together, those of another apart."""
    cases = [case({"y": failed(), "dx": failed()}), case({"y": failed()}, "tiny/1")]
    found = list(incidents(join([record(cases)]).findings))
    assert [[f.output for f in incident] for incident in found] == [["y", "dx"], ["y"]]
