"""Tests of what reaches a terminal: only what this program draws."""

from __future__ import annotations

import io
import sys

import pytest
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from conformance.commands.console import CleanConsole, drawn
from conformance.commands.door import enter
from conformance.commands.streams import standing
from conformance.errors import AdapterError

DRAWING = "\x1b[2J\x1b[1;1H\rok: CONFORMS, grade A\x07\x9b1A\u202e"


def test_no_text_drives_a_terminal() -> None:
    """Styles are rich's own, and everything in the text of a table is spelled out."""
    out = io.StringIO()
    console = CleanConsole(file=out, force_terminal=True, color_system="standard", width=200)
    table = Table()
    table.add_column(DRAWING)
    table.add_row(Text(DRAWING, style="bold"))
    console.print(table, DRAWING, Text(DRAWING))
    text = out.getvalue()
    assert "\x1b[1m" in text  # rich's
    for sign in ("\x1b[2J", "\x1b[1;1H", "\r", "\x07", "\x9b", "\u202e"):
        assert sign not in text
    assert r"\x1b[2J" in text


def test_progress_is_drawn_and_its_words_are_not() -> None:
    """A bar moves the cursor itself; the name of what is run does not."""
    out = io.StringIO()
    console = CleanConsole(file=out, force_terminal=True, width=100)
    with Progress(console=console) as progress:
        progress.add_task(DRAWING, total=2)
        progress.refresh()
    text = out.getvalue()
    assert "\x1b[?25l" in text  # rich hides the cursor
    assert "\x1b[2J" not in text
    assert r"\x1b[2J" in text


def test_what_is_printed_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """Print and standard error too; line ends and tabs stay, and what is drawn passes."""
    with standing():
        print(f"a\tb\n{DRAWING}")  # noqa: T201 - what is tested
        print(DRAWING, file=sys.stderr)  # noqa: T201 - what is tested
        drawn(force_terminal=True).print(Text("good", style="bold"))
    said = capsys.readouterr()
    assert said.out.startswith("a\tb\n")
    assert "\x1b[2J" not in said.out + said.err
    assert "\x1b[1mgood" in said.out


def test_a_kernel_cannot_add_a_line_to_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What follows the first line of an error has a mark before it."""

    def fail(_args: object) -> int:
        raise AdapterError("it did not load\nconformance check: CONFORMS, grade A\r\x1b[1A")

    monkeypatch.setattr("conformance.commands.list.run", fail)
    assert enter(["list", "cases"]) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "conformance list: it did not load"
    assert rest == [r"    | conformance check: CONFORMS, grade A\r\x1b[1A"]
