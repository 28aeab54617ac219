"""Tests of the matrix in a terminal."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from conformance.report.join import join
from conformance.report.terminal import LIMIT, show
from conformance.report.wording import verdict
from conformance.tests.report.records import (
    NASTY,
    case,
    every_status,
    failed,
    many,
    passed,
    record,
    silent,
)
from conformance.verdict.record import RunRecord, Status


def shown(
    records: list[RunRecord], *expected: str, width: int = 100, terminal: bool = False
) -> str:
    """What a console of that width prints."""
    stream = StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, highlight=False)
    show(join(records, expected), console, more="see out/index.html")
    return stream.getvalue()


def test_the_verdict_comes_first() -> None:
    """The first line says whether the paths conform."""
    records = [record([case({"y": failed()})])]
    assert shown(records, width=200).splitlines()[0] == verdict(join(records))


@pytest.mark.parametrize("width", [80, 100, 120])
def test_thirty_paths_fit(width: int) -> None:
    """No line is wider than the terminal, and every path is there with its counts."""
    text = shown(many(30, 60), "paddle", width=width)
    assert max(map(len, text.splitlines())) <= width
    for name in ("torch/functional", "jax/xla_hlo", "mlx/module", "paddle"):
        assert name in text


def test_every_status_is_a_word() -> None:
    """Without colour all eleven statuses can be told apart."""
    text = " ".join(shown([every_status()]).split())
    assert "\x1b" not in text
    for status in Status:
        assert f"1 {status}" in text


def test_a_missing_column_says_so() -> None:
    """A path that did not report says so in its row, and told nothing."""
    text = shown([record([case({"y": passed()})])], "jax", width=120)
    assert "did not report: jax" in text
    assert "that told nothing" in text
    assert re.search(r"^  jax +told nothing +did not report$", text, re.MULTILINE)


def test_a_path_that_compared_nothing_gives_the_reason() -> None:
    """The reason stands where the figures would."""
    text = shown([record([case({"y": silent(Status.UNSUPPORTED, "no training mode")})])])
    assert "no training mode" in text


def test_a_red_output_is_listed_with_its_repro() -> None:
    """Case, outputs, worst element and the line that repeats it follow the table."""
    text = shown([record([case({"dx": failed(), "y": passed()})])])
    assert "✗ fail  torch/functional  offset/1e4  dx" in text
    assert "dx[0, 3] is 0.5, expected 0.25" in text
    assert "conformance run torch/functional --case offset/1e4" in text


def test_what_is_not_red_is_not_listed() -> None:
    """Expected failures are counted, not listed."""
    text = shown([record([case({"y": failed(status=Status.EXPECTED_FAIL, reason="known")})])])
    assert "1 expected-fail" in text
    assert "red in 1 case" not in text
    assert "conformance run" not in text


def test_the_list_is_limited_and_every_path_gets_a_turn() -> None:
    """One path that fails everywhere does not hide another; the rest is counted."""
    cases = [case({"y": failed()}, f"offset/{index}") for index in range(LIMIT + 5)]
    text = shown([record(cases), record(cases[:1], "zoo/path")], width=120)
    assert "✗ fail  zoo/path  offset/0  y" in text
    assert f"and {5 + 1} more: see out/index.html" in text


def test_colour_is_an_addition() -> None:
    """A terminal that has colour gets the same words."""
    with_colour = Console(file=StringIO(), width=100, force_terminal=True, color_system="standard")
    show(join([every_status()]), with_colour, more="")
    stream = with_colour.file
    assert isinstance(stream, StringIO)
    assert "\x1b[" in stream.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR set a terminal gets no colour: 30 to 37 and 40 to 47 do not occur."""
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown([every_status()], terminal=True)
    assert "\x1b[31m" not in text
    assert "\x1b[1;31m" not in text


def test_a_reason_cannot_drive_the_terminal() -> None:
    """Escape sequences and rich's own markup in a reason are shown, not obeyed."""
    text = shown([record([case({"y": silent(Status.CRASH, NASTY + "[bold]x[/]")})])], width=300)
    assert "\x1b" not in text
    assert r"\x1b[31mred" in text
    assert "[bold]x[/]" in text
