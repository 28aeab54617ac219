"""The suite: ``pytest --pyargs conformance.suite --conformance-adapter torch -k spatial``.

Its fixture and the items stand here and not in the plug-in, so that no other project sees them.
"""

from __future__ import annotations

import pytest

from conformance.errors import ConformanceError
from conformance.printable import one_line
from conformance.suite.plugin import as_property, collected_of
from conformance.verdict.record import OutputResult, Status

_FIXTURE = "conformance_result"
_SKIPPED = frozenset({Status.UNSUPPORTED, Status.NOT_RUN, Status.FLAKY})
_PASSED = frozenset({Status.PASS, Status.DEGRADED})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for every output of every case on every path."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    try:
        wanted = list(collected_of(metafunc.config).items())
    except ConformanceError as error:
        # pytest shows a CollectError by its message alone.
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize(
        _FIXTURE,
        [
            pytest.param(
                (column, case, output),
                id=f"{column}-{case}-{output}",
                marks=pytest.mark.xdist_group(column),
            )
            for column, case, output in wanted
        ],
        indirect=True,
    )


@pytest.fixture
def conformance_result(request: pytest.FixtureRequest) -> OutputResult:
    """The judged result of one output."""
    column, case, output = request.param
    result, is_new = collected_of(request.config).examine(column, case)
    if is_new:
        request.node.user_properties.append(as_property(column, result))
    return result.outputs[output]


def test_output(conformance_result: OutputResult) -> None:
    """The output agrees with its exact value within the bound that analysis gives."""
    result = conformance_result
    reason = f"{result.status}: {one_line(result.reason or 'no reason was given')}"
    if result.status in _SKIPPED:
        pytest.skip(reason)
    if result.status is Status.EXPECTED_FAIL:
        pytest.xfail(reason)
    if result.status not in _PASSED:
        pytest.fail(reason, pytrace=False)
