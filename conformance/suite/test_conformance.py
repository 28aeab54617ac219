"""The suite: ``pytest --pyargs conformance.suite --adapter torch -k spatial``."""

from __future__ import annotations

import pytest

from conformance.verdict.record import OutputResult, Status

_SKIPPED = frozenset({Status.UNSUPPORTED, Status.NOT_RUN})
_PASSED = frozenset({Status.PASS, Status.DEGRADED})


def test_output(conformance_result: OutputResult) -> None:
    """The output agrees with its exact value within the bound that analysis gives."""
    result = conformance_result
    reason = f"{result.status}: {result.reason or 'no reason was given'}"
    if result.status in _SKIPPED:
        pytest.skip(reason)
    if result.status is Status.EXPECTED_FAIL:
        pytest.xfail(reason)
    if result.status not in _PASSED:
        pytest.fail(reason, pytrace=False)
