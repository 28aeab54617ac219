"""Commands that write, killed at random moments, as real processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.tests.commands.killing import killed
from conformance.tests.commands.written import COMMANDS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")


def test_a_killed_command_leaves_old_or_new_and_nothing_beside(tmp_path: Path) -> None:
    """Thirty kills: no half content, and what was left is gone after the next start.

    ``python -m conformance.tests.commands.killing`` does as many as are wanted.
    """
    found = killed(tmp_path, 30, seed=1)
    assert sum(counts.kills for counts in found.values()) == 30
    assert set(found) == {command.name for command in COMMANDS}
    assert [fault for counts in found.values() for fault in counts.faults] == []
