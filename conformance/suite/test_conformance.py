"""The suite: ``pytest --pyargs conformance.suite --conformance-adapter torch -k spatial``.

What pytest collects of this file is `conformance.suite.items`: an item for every output of every
case on every path, which holds its result to this test.
"""

from __future__ import annotations

import pytest

from conformance.printable import one_line
from conformance.verdict.record import OutputResult, Status

_SKIPPED = frozenset({Status.UNSUPPORTED, Status.NOT_RUN, Status.FLAKY})
_PASSED = frozenset({Status.PASS, Status.DEGRADED})


def test_output(result: OutputResult) -> None:
    """The output agrees with its exact value within the bound that analysis gives."""
    reason = f"{result.status}: {one_line(result.reason or 'no reason was given')}"
    if result.status in _SKIPPED:
        pytest.skip(reason)
    if result.status is Status.EXPECTED_FAIL:
        pytest.xfail(reason)
    if result.status not in _PASSED:
        pytest.fail(reason, pytrace=False)
