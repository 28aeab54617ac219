"""What hangs on a session of pytest, for the plug-in and for the items of the suite.

The plug-in loads this file everywhere, so it imports the rest of the package where it is needed.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.suite.collected import Collected
    from conformance.verdict.record import CaseResult

PROPERTY = "conformance_result"
"""The property of a report with which a result travels between processes."""

KEY: pytest.StashKey[Collected] = pytest.StashKey()
"""Where a session keeps what it knows of the columns."""


def collected_of(config: pytest.Config) -> Collected:
    """What a pytest session knows of the columns that its options name."""
    from conformance.suite.collected import Collected  # noqa: PLC0415 - see the module's text

    if KEY not in config.stash:
        config.stash[KEY] = Collected(
            config.getoption("conformance_adapter"), config.getoption("conformance_tier")
        )
    return config.stash[KEY]


def as_property(column: str, result: CaseResult) -> tuple[str, object]:
    """The property of an item with which a result travels to where records are written."""
    from conformance.verdict.record_file import encode  # noqa: PLC0415 - see the module's text

    return PROPERTY, {"column": column, "result": encode(asdict(result))}
