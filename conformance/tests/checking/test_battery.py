"""The calls of the batteries are judged like all others, and not only measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.checking.check import run
from conformance.checking.named import named
from conformance.checking.options import Options
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import is_wrong

ASKED = "x.shape[-1] == 3 and M in (201, 203, 207, 209, 211, 213, 217, 219, 221, 223)"
"""Ten numbers of values of which a battery asks some; no stored case has one with 3 channels."""

WRONG = RIGHT.replace("    if M < 2", f"    if {ASKED}: x = x * 0\n    if M < 2")
"""Takes x for 0 in these calls."""

RAISES = RIGHT.replace("    if M < 2", f"    assert not ({ASKED})\n    if M < 2")
"""Raises in these calls."""


@pytest.mark.parametrize("text", [WRONG, RAISES], ids=["wrong", "raises"])
def test_a_wrong_answer_to_a_battery_is_a_wrong_answer(tmp_path: Path, text: str) -> None:
    """A kernel that fails where nothing but its quality was measured does not conform."""
    assert text != RIGHT
    (tmp_path / "k.py").write_text(text)
    with named(str(tmp_path / "k.py")) as kernel:
        report = run(kernel, Options(fresh_seed="0123456789abcdef" * 2))
    outputs = [(c.case, o) for c in report.asked for o in c.outputs.values()]
    assert all("/quality-" in case for case, output in outputs if is_wrong(output))
    assert report.fresh is not None
    assert not report.fresh.disagree
    assert not report.conforms
    assert report.grade == "F"
    assert report.quality is None
