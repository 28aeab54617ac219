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


@pytest.mark.parametrize(
    ("diagnosis", "sentence"),
    [
        (NAMED, "y, dx: matches 'a fault' (f) on 3 of 3 cases"),
        (ALSO, "y: matches 'a fault' (f) on 3 of 3 cases; so would g, h"),
        (PLACED, "var: wrong where 'a fault' (f) is, in 8 of 9 places"),
        (UNNAMED, "dx: it is dx = +1 dy, on 2 of 3 cases"),
        (INPUTS, "inputs: matches 'x is overwritten' (input-mutated) on 1 of 4 cases"),
    ],
)
def test_a_sentence_says_what_is_known(diagnosis: Diagnosis, sentence: str) -> None:
    """The sentence names the outputs, the fault, how often it fits and what else would."""
    assert diagnosis.sentence == sentence


@pytest.mark.parametrize("diagnosis", [NAMED, ALSO, PLACED, UNNAMED, INPUTS])
def test_decode_undoes_encode(diagnosis: Diagnosis) -> None:
    """What is stored as JSON comes back as it was."""
    assert diagnosed.decode(encode(asdict(diagnosis))) == diagnosis
