"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from conformance.verdict import diagnosed
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record_file import encode

NAMED = Diagnosis(outputs=("y", "dx"), fault="f", title="a fault", matched=3, of=3)
ALSO = Diagnosis(outputs=("y",), fault="f", title="a fault", matched=3, of=3, also=("g", "h"))
PLACED = Diagnosis(outputs=("var",), fault="f", title="a fault", matched=8, of=9, by_place=True)
UNNAMED = Diagnosis(outputs=("dx",), fault=None, title="it is dx = +1 dy", matched=2, of=3)
INPUTS = Diagnosis(outputs=(), fault="input-mutated", title="x is overwritten", matched=1, of=4)
ALONE = Diagnosis(outputs=("y",), fault="f", title="a fault", matched=1, of=1)
PART = Diagnosis(outputs=("y",), fault="f", title="a fault", matched=4, of=7)
BOTH = Diagnosis(outputs=("y",), fault="f", title="one; and two", matched=7, of=7, together=("g",))
SCOPED = Diagnosis(
    outputs=("y",), fault="f", title="a fault", matched=2, of=2, only=("test", "float16")
)


@pytest.mark.parametrize(
    ("diagnosis", "sentence"),
    [
        (NAMED, "y, dx: matches 'a fault' (f) on 3 of 3 cases"),
        (ALSO, "y: matches 'a fault' (f) on 3 of 3 cases; so would g, h"),
        (PLACED, "var: wrong where 'a fault' (f) is, in 8 of 9 places"),
        (UNNAMED, "dx: it is dx = +1 dy, on 2 of 3 cases"),
        (ALONE, "y: agrees with 'a fault' (f) on the only case that shows it"),
        (PART, "y: 4 of 7 failures match 'a fault' (f)"),
        (BOTH, "y: matches 'one; and two' (f with g) on 7 of 7 cases"),
        (SCOPED, "y in test mode, float16: matches 'a fault' (f) on 2 of 2 cases"),
        (INPUTS, "inputs: matches 'x is overwritten' (input-mutated) on 1 of 4 cases"),
    ],
)
def test_a_sentence_says_what_is_known(diagnosis: Diagnosis, sentence: str) -> None:
    """The sentence names the outputs, the fault, how often it fits and what else would."""
    assert diagnosis.sentence == sentence


@pytest.mark.parametrize("diagnosis", [NAMED, ALSO, PLACED, UNNAMED, INPUTS, BOTH, SCOPED])
def test_decode_undoes_encode(diagnosis: Diagnosis) -> None:
    """What is stored as JSON comes back as it was."""
    assert diagnosed.decode(encode(asdict(diagnosis))) == diagnosis


def test_a_record_from_before_pairs_is_read() -> None:
    """A diagnosis without the lists of company and scope is one fault everywhere."""
    stored = encode(asdict(ALSO))
    del stored["together"], stored["only"]
    assert diagnosed.decode(stored) == ALSO
