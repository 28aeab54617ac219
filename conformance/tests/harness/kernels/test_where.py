"""Predicates of a scope: what they mean, and that nothing else is understood."""

from __future__ import annotations

import pytest

from conformance.errors import InputError
from conformance.harness.kernels.where import LONGEST, MOST, parse, parsed

CALL: dict[str, float | bool | str] = {
    "N": 4,
    "C": 64,
    "D": 1,
    "H": 8,
    "W": 8,
    "L": 1,
    "M": 256,
    "rank": 4,
    "size": 16384,
    "eps": 1e-5,
    "momentum": 0.1,
    "contiguous": True,
    "training": True,
    "gamma": True,
    "beta": False,
    "dy": True,
    "running": False,
    "dtype": "float16",
    "parameters": "float32",
    "layout": "NCHW",
    "mode": "train",
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("C % 32 == 0", True),
        ("C%33==0", False),
        ("M <= 4096", True),
        ("32 <= C < 64", False),
        ("32 <= C <= 64 <= M", True),
        ("C - 1 * 2 == 62", True),
        ("(C - 1) * 2 == 126", True),
        ("C // 3 == 21", True),
        ("contiguous", True),
        ("not contiguous", False),
        ("not (contiguous and beta)", True),
        ("beta or gamma", True),
        ("beta or gamma and running", False),
        ("(H == W) and (N) == 4", True),
        ("dtype == float16 and parameters != float16", True),
        ("layout == NHWC or layout == NCHW", True),
        ("layout != per-activation", True),
        ("mode == test", False),
        ("1e-6 <= eps and eps <= .5", True),
        ("C % (H - W) == 0", False),
    ],
)
def test_a_predicate_means_what_it_says(text: str, *, holds: bool) -> None:
    """Precedence, chains and words are Python's; what divides by zero does not hold."""
    found = parse(text)
    assert found.holds(CALL) is holds
    assert parse(found.text).text == found.text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "C",
        "C ==",
        "== 4",
        "C = 4",
        "C ** 2 == 4",
        "C == -1",
        "C == 4 4",
        "C == 4)",
        "(C == 4",
        "C == 1e400",
        "C == 1_000",
        "x.shape[0] == 4",
        "__import__('os').system('true') == 0",
        "eval(C) == 4",
        "C if N else M",
        "dtype == int8",
        "dtype < float32",
        "layout == NWCH",
        "lambda: 1",
        "C == 4; N == 1",
        "C == 4\n== 4 or",
        "(" * 60 + "C" + ")" * 60 + " == 4",
        "not " * 40 + "contiguous",
        "C == 4 and " * 40 + "C == 4",
        None,
        4,
        ["C == 4"],
    ],
)
def test_what_is_no_predicate_is_refused_with_what_is(text: object) -> None:
    """The message shows the text and lists all that is understood."""
    with pytest.raises(InputError, match="is not understood") as refusal:
        parse(text)
    assert "numbers N, C, D, H, W, L, M" in str(refusal.value)


def test_there_are_not_too_many() -> None:
    """A scope has a bounded number of predicates of a bounded length."""
    assert len(parsed(["C == 4"] * MOST)) == MOST
    with pytest.raises(InputError, match="at most 32 were wanted"):
        parsed(["C == 4"] * (MOST + 1))
    with pytest.raises(InputError, match="is not understood"):
        parse("C==1" + "+1" * (LONGEST // 4))  # longer than that once it is spaced
