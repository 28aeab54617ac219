"""Tests of the legend."""

from __future__ import annotations

from conformance.report.legend import GRADES, SIGNS
from conformance.verdict.record import Status


def test_every_status_has_a_sign_of_its_own() -> None:
    """No two statuses look alike without colour."""
    assert set(SIGNS) == set(Status)
    assert len({sign.symbol for sign in SIGNS.values()}) == len(Status)
    assert len({sign.meaning for sign in SIGNS.values()}) == len(Status)


def test_no_sign_of_what_was_not_compared_holds_a_tick() -> None:
    """Unsupported and not-run cannot be read as a pass."""
    for status in (Status.UNSUPPORTED, Status.NOT_RUN):
        assert SIGNS[Status.PASS].symbol not in SIGNS[status].symbol
        assert "green" not in SIGNS[status].style


def test_every_grade_has_a_meaning() -> None:
    """The four grades are explained."""
    assert list(GRADES) == ["A", "B", "C", "F"]
