"""The calls of the batteries are judged like all others, and not only measured."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance
from conformance.tests.checking.kernels import RIGHT

ONCE = RIGHT.replace(
    "rest, M =",
    "global N; N = N + 1; x = x * (N != {number}); rest, M =",
).replace("def batch", "N = 0\ndef batch")
"""Takes x for 0 in one call of a process."""

RAISES = RIGHT.replace("rest, M =", "global N; N = N + 1; assert N < {number}; rest, M =").replace(
    "def batch", "N = 0\ndef batch"
)
"""Raises from a call on."""


@pytest.mark.parametrize("text", [ONCE, RAISES], ids=["wrong once", "raises"])
def test_a_wrong_answer_to_a_battery_is_a_wrong_answer(tmp_path: Path, text: str) -> None:
    """A kernel that fails where nothing but its quality was measured does not conform."""
    counted = tmp_path / "counted.py"
    counted.write_text(RIGHT)
    right = conformance.check(str(counted))
    assert right.conforms
    assert right.quality is not None
    asked = 2 * (len(right.cases) + (right.fresh.cases if right.fresh else 0))
    (tmp_path / "k.py").write_text(text.replace("{number}", str(asked + 150)))
    report = conformance.check(str(tmp_path / "k.py"))
    assert not report.conforms
    assert report.grade == "F"
    assert report.quality is None
