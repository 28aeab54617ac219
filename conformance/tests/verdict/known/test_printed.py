"""Tests of `verdict.known.printed`: the digits that were claimed, and everything else exactly."""

from __future__ import annotations

import pytest

from conformance.verdict.known.printed import agrees

SAME = {
    "the last bit of a float64": ("316.2277700111307", "316.22777001113064"),
    "fewer digits claimed": ("[-1.3330078125, 0.66650390625]", "[-1.333, 0.6665]"),
    "more digits here": ("[0.50000006]", "[0.5]"),
    "another notation": ("1e-05", "1.00e-5"),
    "columns of another width": ("[ 1.25    10.3333]", "[ 1.25 10.333]"),
    "line feeds around it": ("1.5\n", "\n1.5"),
    "equal text": ("killed by SIGFPE", "killed by SIGFPE"),
    "a version": ("torch 2.13.0 gives 0.33333334", "torch 2.13.0 gives 0.3333"),
}
"""What a program printed here, and what it was said to print."""

OTHER = {
    "half a unit and more": ("1.3336", "1.333"),
    "a short number is meant in full": ("0.5071", "0.5"),
    "a whole value is meant in full": ("[2.004]", "[2.]"),
    "not zero": ("[1.99999e-40]", "[0.]"),
    "zero": ("[0.]", "[1.99999e-40]"),
    "the sign of a zero": ("0.0", "-0.0"),
    "the sign": ("-1.333", "1.333"),
    "the exponent": ("1.0e-19", "1.0e-18"),
    "a count": ("3 values", "2 values"),
    "a large count": ("1187.4", "1187"),
    "a NaN": ("[nan]", "[1.333]"),
    "no NaN": ("[1.333]", "[nan]"),
    "the sign of an infinity": ("-inf 2.1875", "inf 2.1875"),
    "another signal": ("killed by SIGSEGV", "killed by SIGFPE"),
    "another word": ("float32 1.333", "float16 1.333"),
    "another version": ("2.13.1", "2.13.0"),
    "one number less": ("[1.333]", "[1.333, 1.333]"),
    "another shape": ("[[1.333], [2.666]]", "[1.333, 2.666]"),
    "another line": ("1.333\n2.666", "1.333 2.666"),
    "nothing": ("", "1.333"),
}
"""The same, where the cause does not show itself."""


@pytest.mark.parametrize("name", SAME)
def test_what_was_claimed_is_found(name: str) -> None:
    """Digits that no claim was made of may differ."""
    found, claimed = SAME[name]
    assert agrees(found, claimed)


@pytest.mark.parametrize("name", OTHER)
def test_what_was_claimed_is_not_found(name: str) -> None:
    """A number out of its last digit, or any other text, is not what was claimed."""
    found, claimed = OTHER[name]
    assert not agrees(found, claimed)


@pytest.mark.parametrize("digits", [3, 7, 15])
@pytest.mark.parametrize("sign", ["", "-"])
def test_half_a_unit_of_the_last_digit_is_the_edge(digits: int, sign: str) -> None:
    """Half a unit of the last claimed digit agrees, a little more does not, both ways."""
    claimed = f"{sign}1.{'3' * (digits - 1)}"
    assert agrees(f"{claimed}5", claimed)
    assert not agrees(f"{claimed}51", claimed)
    below = f"{claimed[:-1]}2"
    assert agrees(f"{below}5", claimed)
    assert not agrees(f"{below}49", claimed)
