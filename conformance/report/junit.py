"""The matrix as JUnit XML: a suite for every path, a test for every output of every case."""

from __future__ import annotations

from io import BytesIO

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.printable import one_line
from conformance.report.matrix import Matrix, MatrixColumn
from conformance.report.wording import account
from conformance.verdict.record import CaseResult, OutputResult, Status

_RESULTS: dict[Status, type[Error | Failure | Skipped]] = {
    Status.FAIL: Failure,
    Status.UNEXPECTED_PASS: Failure,
    Status.ERROR: Error,
    Status.CRASH: Error,
    Status.TIMEOUT: Error,
    Status.UNSUPPORTED: Skipped,
    Status.NOT_RUN: Skipped,
    Status.EXPECTED_FAIL: Skipped,
    Status.FLAKY: Skipped,
}


def as_junit(matrix: Matrix) -> str:
    """`matrix` as JUnit XML.

    The type of a result is its status, so all eleven stay distinct; a degraded output is a test
    that passed, with a ``system-out`` that says so.  A path that did not report is an error.
    """
    xml = JUnitXml("conformance")
    for column in matrix.columns:
        suite = TestSuite(column.label)
        if column.record is None:
            suite.add_testcase(_missing(column))
        else:
            suite.timestamp = column.record.started
            suite.add_property("device", column.device)
            for name, version in column.record.versions.items():
                suite.add_property(name, version)
            suite.add_testcases(
                [
                    _test(column.name, case, output, result)
                    for case in column.record.cases
                    for output, result in case.outputs.items()
                ]
            )
        xml.add_testsuite(suite)
    for name in matrix.silent:
        suite = TestSuite(f"{name} (compared nothing)")
        suite.add_testcase(_absent(name, f"{name} was expected and compared nothing"))
        xml.add_testsuite(suite)
    for name in matrix.partial:
        suite = TestSuite(f"{name} (partial)")
        suite.add_testcase(_absent(name, f"{name}: its run was stopped, and this is no whole one"))
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]  # not annotated upstream
    buffer = BytesIO()
    xml.write(buffer)
    return buffer.getvalue().decode("utf-8")


def _missing(column: MatrixColumn) -> TestCase:
    return _absent(column.name, f"{column.name} was required and did not report")


def _absent(name: str, why: str) -> TestCase:
    test = TestCase("reports", classname=name)
    test.result = [Error(why, "missing")]
    return test


def _test(path: str, case: CaseResult, output: str, result: OutputResult) -> TestCase:
    seconds = case.seconds / len(case.outputs)  # one call computed them all
    test = TestCase(f"{case.case} {output}", classname=path, time=seconds)
    kind = _RESULTS.get(result.status)
    said = account(output, result) or result.status.value
    if kind is not None:
        verdict = kind(one_line(said), result.status.value)
        verdict.text = f"{said}\n{result.reason or ''}\nrepeat it with: {case.repro}"
        test.result = [verdict]
    elif result.status is not Status.PASS:
        test.system_out = f"{result.status.value}: {said}\nrepeat it with: {case.repro}"
    if case.stderr and kind in (Error, Failure):
        test.system_err = case.stderr
    return test
