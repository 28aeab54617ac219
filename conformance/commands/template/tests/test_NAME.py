"""Tests of the adapter NAME: that it hands over what it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import adapter
from conformance.checking.selftest import adapters

FILE = Path(__file__).parents[1] / "adapter.py"
PATHS = [path.name for path in adapter.load(str(FILE)).paths]


@pytest.mark.parametrize("path", PATHS)
def test_the_adapter_makes_no_mistake(path: str) -> None:
    """Every path passes the self-test, which is what conformance doctor runs."""
    ((_, outcome),) = adapters.outcomes(f"{FILE}:{path}")
    assert outcome.passes, "\n".join(finding.sentence for finding in outcome.findings)
