"""Tests of the matrix as JUnit XML."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from junitparser import TestSuite as Suite  # pytest would collect a name that starts with Test

from conformance.report import junit
from conformance.report.join import join
from conformance.report.junit import as_junit
from conformance.tests.report.records import (
    EVERY,
    NASTY,
    case,
    every_status,
    many,
    passed,
    record,
    silent,
)
from conformance.verdict.record import Status


def suites(xml: str) -> list[Suite]:
    """The suites of a report, as the library reads them."""
    return list(JUnitXml.fromstring(xml.encode()))


def test_there_is_a_suite_for_every_path_and_a_test_for_every_output() -> None:
    """The numbers of tests add up to the due outputs."""
    records = many(5, 30)
    found = suites(as_junit(join(records)))
    assert len(found) == 5
    due = sum(sum(one.counts.values()) for one in records)
    assert sum(suite.tests for suite in found) == due


def test_every_status_has_a_result_of_its_own() -> None:
    """Failures, errors and skipped tests are distinct, and the type names the status."""
    (suite,) = suites(as_junit(join([every_status()])))
    found = {
        test.name.split("/")[1].split()[0]: [(type(r), r.type) for r in test.result]
        for test in suite
    }
    assert found == {
        "pass": [],
        "degraded": [],
        "fail": [(Failure, "fail")],
        "unexpected-pass": [(Failure, "unexpected-pass")],
        "error": [(Error, "error")],
        "crash": [(Error, "crash")],
        "timeout": [(Error, "timeout")],
        "unsupported": [(Skipped, "unsupported")],
        "not-run": [(Skipped, "not-run")],
        "expected-fail": [(Skipped, "expected-fail")],
        "flaky": [(Skipped, "flaky")],
    }
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (11, 2, 3, 4)


def test_a_failure_tells_element_and_repro() -> None:
    """Message and text suffice to repeat the case."""
    (suite,) = suites(as_junit(join([record([case({"dx": EVERY[Status.FAIL]})])])))
    (test,) = suite
    assert (test.classname, test.name) == ("torch/functional", "offset/1e4 dx")
    assert "dx[0, 3] is 0.5, expected 0.25" in test.result[0].message
    assert "repeat it with: conformance run torch/functional" in test.result[0].text


def test_a_degraded_output_passes_and_says_so() -> None:
    """Degraded is no failure, and is not silent either."""
    (suite,) = suites(as_junit(join([record([case({"dx": EVERY[Status.DEGRADED]})])])))
    (test,) = suite
    assert test.is_passed
    assert test.system_out.startswith("degraded: dx[0, 3]")


def test_a_missing_path_is_an_error() -> None:
    """A path that did not report, or compared nothing, is red for a machine too."""
    idle = record([case({"y": silent(Status.NOT_RUN)})], "numba/cuda")
    busy = record([case({"y": passed()})])
    found = suites(as_junit(join([idle, busy], ["jax", "numba"])))
    wrong = {suite.name: suite.errors for suite in found if suite.errors}
    assert wrong == {"jax (did not report)": 1, "numba (compared nothing)": 1}


def test_text_from_frameworks_is_valid_xml() -> None:
    """Control characters and markup survive as text."""
    cases = [case({"y": silent(Status.CRASH, NASTY)}, f"offset/{NASTY}", stderr=NASTY)]
    (suite,) = suites(as_junit(join([record(cases, device=NASTY)])))
    (test,) = suite
    assert '<script>alert("1")</script>' in test.result[0].message
    assert r"\x00" in test.system_err


def test_the_time_of_a_case_is_counted_once() -> None:
    """One call makes all outputs of a case; their times add up to its time."""
    outputs = {name: passed() for name in ("y", "dx", "dgamma", "dbeta")}
    (suite,) = suites(as_junit(join([record([case(outputs)])])))
    assert abs(sum(test.time for test in suite) - 0.01) < 1e-9


def test_what_many_paths_have_alike_is_escaped_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 paths with the same 40 tests each name and each reason is escaped once."""
    outputs = {"y": passed(), "var": silent(Status.UNSUPPORTED, "not <returned>")}
    cases = [case(outputs, f"offset/{i}") for i in range(20)]
    matrix = join([record(cases, f"torch/p{i}") for i in range(20)])
    escaped: list[str] = []

    def watched(text: str) -> str:
        escaped.append(text)
        return quoteattr(text)

    junit._named.cache_clear()
    junit._told_alike.cache_clear()
    monkeypatch.setattr(junit, "quoteattr", watched)
    written = as_junit(matrix)
    assert written.count("not &lt;returned&gt;") == 3 * 20 * 20  # message, account and reason
    assert escaped.count("offset/3 y") == escaped.count("not <returned>") == 1
