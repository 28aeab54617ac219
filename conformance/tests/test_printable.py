"""Tests of text from elsewhere, made safe to show."""

from __future__ import annotations

import pytest

from conformance import printable


def test_a_text_is_cut_with_its_length() -> None:
    """What is left out is counted, and what is shown is one line."""
    assert printable.cut("a\nb", 10) == "a b"
    assert printable.cut("x" * 20, 5) == "xxxxx... (20 characters)"
    assert printable.cut(" " * 1000 + "x", 5) == "... (1,001 characters)"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        ("a\x1b\u202e\ud800", r"'a\x1b\u202e\ud800'"),
        ("x" * 100, f"'{'x' * 80}'... (100 characters)"),
        ([1, 2], "a list of 2 items"),
        ({"a": 1}, "an object of 1 entries"),
        (10**100, f"1{'0' * 79}... (101 characters)"),
        (b"ab", "b'ab'"),
    ],
)
def test_a_value_is_shown_as_what_it_is(found: object, said: str) -> None:
    """A value of any type and size is a few words, none of which drives a terminal."""
    assert printable.value(found) == said


def test_what_somebody_else_says_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line has a mark before it, whatever ends a line and however wide the terminal is."""
    monkeypatch.setenv("COLUMNS", "40")
    lines = printable.quoted("a\r\x1b[1ACONFORMS\x0bb\x85c\u2028d\n" + "x" * 100 + "CONFORMS")
    assert all(line.startswith("    | ") for line in lines)
    assert all(len(line) < 40 for line in lines)
    assert all(line.isprintable() for line in lines)
    assert lines[0] == r"    | a\r\x1b[1ACONFORMS\x0bb\x85c\u2028d"[: len(lines[0])]
