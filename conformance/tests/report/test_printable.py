"""Tests of text that comes from frameworks."""

from __future__ import annotations

from conformance.printable import one_line, printable
from conformance.report.printable import clean
from conformance.tests.report.records import NASTY, case, record, silent
from conformance.verdict.record import Status


def test_ordinary_text_stays() -> None:
    """Letters of every language, line ends and tabs are not touched."""
    text = "é 漢\u3000字\n\tnext"
    assert printable(text) == text


def test_control_characters_are_spelled_out() -> None:
    """Escape sequences, NUL, overrides of direction and lone surrogates become visible."""
    assert printable("\x1b[31m\x00\u202e\ud800") == r"\x1b[31m\x00\u202e\ud800"


def test_one_line_has_no_line_ends() -> None:
    """White space of any kind is one space."""
    assert one_line(" a\n\n\tb ") == "a b"


def test_a_clean_record_can_be_written_as_utf_8_and_xml() -> None:
    """No text of a record keeps a character that breaks a file or a terminal."""
    dirty = record(
        [case({"y": silent(Status.CRASH, NASTY)}, f"offset/{NASTY}", stderr=NASTY)],
        device=f"cpu\n{NASTY}",
    )
    one = clean(dirty)
    texts = [one.device, one.cases[0].case, one.cases[0].stderr, one.cases[0].outputs["y"].reason]
    for text in texts:
        assert text is not None
        text.encode()
        assert "\\x1b" in text
        assert "\x1b" not in text
    assert "\n" not in one.device
