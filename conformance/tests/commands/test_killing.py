"""Commands that write, killed at random moments, as real processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.tests.commands.killing import killed
from conformance.tests.commands.written import COMMANDS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX"),
]


def test_a_killed_command_leaves_old_or_new_and_nothing_beside(tmp_path: Path) -> None:
    """Each killed once: no half content, and what was left is gone after the next start.

    ``python -m conformance.tests.commands.killing`` does as many as are wanted.
    """
    found = killed(tmp_path, len(COMMANDS), seed=1)
    assert {name: counts.kills for name, counts in found.items()} == {c.name: 1 for c in COMMANDS}
    assert [fault for counts in found.values() for fault in counts.faults] == []
