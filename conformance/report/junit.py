"""The matrix as JUnit XML: a suite for every path, a test for every output of every case.

Hundreds of paths make a document of a hundred megabytes, so it is made case by case, and what many
paths have alike is escaped once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from conformance.printable import one_line
from conformance.report.matrix import Matrix, MatrixColumn
from conformance.report.wording import account
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status

_RESULTS: Mapping[Status, str] = {
    Status.FAIL: "failure",
    Status.UNEXPECTED_PASS: "failure",
    Status.ERROR: "error",
    Status.CRASH: "error",
    Status.TIMEOUT: "error",
    Status.UNSUPPORTED: "skipped",
    Status.NOT_RUN: "skipped",
    Status.EXPECTED_FAIL: "skipped",
    Status.FLAKY: "skipped",
}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_RED = ("failure", "error")


def as_junit(matrix: Matrix) -> str:
    """`matrix` as JUnit XML, whole: see `parts`."""
    return "".join(parts(matrix))


def parts(matrix: Matrix) -> Iterator[str]:
    """`matrix` as JUnit XML, piece by piece.

    The type of a result is its status, so all eleven stay distinct; a degraded output is a test
    that passed, with a ``system-out`` that says so.  A path that did not report is an error.
    """
    absent = dict(_absent(matrix))
    records = [column for column in matrix.columns if column.record is not None]
    total = Counter(tests=len(absent), errors=len(absent))
    for column in records:
        total.update(_counts(_record(column)))
    yield "<?xml version='1.0' encoding='utf-8'?>\n"
    yield f"<testsuites{_attributes(name='conformance')}{_numbers(total, _seconds(records))}>\n"
    for column in records:
        yield from _suite(column)
    for suite, (name, why) in absent.items():
        yield f"<testsuite{_attributes(name=suite)}{_numbers(Counter(tests=1, errors=1), 0)}>\n"
        yield f"<testcase{_attributes(name='reports', classname=name)}>"
        yield f"<error{_attributes(message=why, type='missing')}/></testcase>\n</testsuite>\n"
    yield "</testsuites>\n"


def _absent(matrix: Matrix) -> Iterator[tuple[str, tuple[str, str]]]:
    """Suites of what is not there as it should be: their names, the path, and what is missing."""
    for column in matrix.columns:
        if column.record is None:
            yield column.label, (column.name, column.why)
    for name in matrix.silent:
        said = f"{name} was expected and compared nothing"
        yield f"{name} (compared nothing)", (name, said)
    for name in matrix.partial:
        said = f"{name}: its run was stopped, and this is no whole one"
        yield f"{name} (partial)", (name, said)


def _record(column: MatrixColumn) -> RunRecord:
    assert column.record is not None  # noqa: S101 - columns without one are told apart above
    return column.record


def _counts(record: RunRecord) -> Counter[str]:
    found: Counter[str] = Counter(tests=sum(record.counts.values()))
    for status, count in record.counts.items():
        if status in _RESULTS:
            found[_COUNTED[_RESULTS[status]]] += count
    return found


def _seconds(columns: list[MatrixColumn]) -> float:
    return sum(case.seconds for column in columns for case in _record(column).cases)


def _suite(column: MatrixColumn) -> Iterator[str]:
    record = _record(column)
    numbers = _numbers(_counts(record), _seconds([column]))
    yield f"<testsuite{_attributes(name=column.label, timestamp=record.started)}{numbers}>\n"
    yield "<properties>\n"
    for name, value in {"device": column.device, **record.versions}.items():
        yield f"<property{_attributes(name=name, value=value)}/>\n"
    yield "</properties>\n"
    path = quoteattr(column.name)
    for case in record.cases:
        yield _case(path, case)
    yield "</testsuite>\n"


def _case(path: str, case: CaseResult) -> str:
    tests = []
    repro = escape(case.repro)
    seconds = f"{case.seconds / len(case.outputs):.9g}"  # one call computed them all
    for output, result in case.outputs.items():
        tests.append(f'{_named(case.case, output)} classname={path} time="{seconds}"')
        if result.status is Status.PASS:
            tests.append("/>\n")
            continue
        begin, end = _told_alike(result) if result.worst is None else _told(output, result)
        died = case.stderr if _RESULTS.get(result.status) in _RED else None
        more = f"<system-err>{escape(died)}</system-err>" if died else ""
        tests.append(f">{begin}{repro}{end}{more}</testcase>\n")
    return "".join(tests)


@lru_cache(maxsize=1 << 14)
def _named(case: str, output: str) -> str:
    """The beginning of a test, which every path has."""
    return f"<testcase name={quoteattr(f'{case} {output}')}"


def _told(output: str, result: OutputResult) -> tuple[str, str]:
    """What stands before and after the command that repeats a test."""
    kind = _RESULTS.get(result.status)
    said = account(output, result) or result.status.value
    if kind is None:
        text = f"{result.status.value}: {said}\nrepeat it with: "
        return f"<system-out>{escape(text)}", "</system-out>"
    text = f"{said}\n{result.reason or ''}\nrepeat it with: "
    head = f"<{kind}{_attributes(message=one_line(said), type=result.status.value)}>"
    return f"{head}{escape(text)}", f"</{kind}>"


@lru_cache(maxsize=1 << 8)
def _told_alike(result: OutputResult) -> tuple[str, str]:
    """The same of a result without a worst element, as most paths have it and of any output."""
    return _told("", result)


def _numbers(counts: Counter[str], seconds: float) -> str:
    names = ("tests", "failures", "errors", "skipped")
    told = {name: str(counts[name]) for name in names}
    return _attributes(**told, time=f"{seconds:.9g}")


def _attributes(**values: str) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())
