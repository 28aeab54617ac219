"""Tests of text that comes from frameworks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.printable import one_line, printable
from conformance.report.printable import clean
from conformance.tests.report.records import NASTY, case, record, silent
from conformance.verdict.record import CaseResult, Status


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


DRAWS = "\x1b[2J"
PLAIN = case({"y": silent(Status.CRASH, "died")})


@pytest.mark.parametrize(
    "bad",
    [
        replace(PLAIN, case=DRAWS),
        replace(PLAIN, group=DRAWS),
        replace(PLAIN, mode=DRAWS),
        replace(PLAIN, layout=DRAWS),
        replace(PLAIN, dtype=DRAWS),
        replace(PLAIN, repro=DRAWS),
        replace(PLAIN, stderr=DRAWS),
        replace(PLAIN, outputs={DRAWS: silent(Status.CRASH, "died")}),
        replace(PLAIN, outputs={"y": silent(Status.CRASH, DRAWS)}),
    ],
)
def test_one_bad_text_suffices_for_a_case_to_be_cleaned(bad: CaseResult) -> None:
    """Whichever text it is that draws, and it alone, it is spelled out in the clean record."""
    (one,) = clean(record([bad])).cases
    reasons = [result.reason for result in one.outputs.values()]
    texts = [one.case, one.group, one.mode, one.layout, one.dtype, one.repro, one.stderr]
    told = " ".join(filter(None, [*texts, *one.outputs, *reasons]))
    assert told.isprintable()
    assert r"\x1b[2J" in told
