"""A whole check takes no longer than its budget."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import conformance
from conformance.errors import InputError
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import Status


def test_a_check_ends_at_its_budget(tmp_path: Path) -> None:
    """A kernel that is slow in every case gets a partial report, which never conforms."""
    file = tmp_path / "slow.py"
    file.write_text(RIGHT.replace("    out =", "    import time; time.sleep(0.7)\n    out =", 1))
    begun = time.monotonic()
    report = conformance.check(str(file), tier="smoke", budget=6, fresh=False)
    assert time.monotonic() - begun < 30
    assert report.partial is not None
    assert report.partial.startswith("stopped by its budget of 6 s")
    assert not report.conforms
    assert report.grade is None
    assert any(s is Status.NOT_RUN for c in report.cases for s in [c.status])


@pytest.mark.parametrize("budget", [0, -1, float("inf"), float("nan")])
def test_a_budget_is_a_time(budget: float, tmp_path: Path) -> None:
    """A budget that is no number of seconds above 0 is refused, with the value."""
    with pytest.raises(InputError, match=r"budget is .*, a number of seconds above 0 was wanted"):
        conformance.check(str(tmp_path / "none.py"), budget=budget)
