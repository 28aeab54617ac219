"""What a bug report says."""

from __future__ import annotations

import math

import pytest

from conformance.report.bugs.writing import apart, called


@pytest.mark.parametrize(
    ("actual", "expected", "shown"),
    [
        (-1.333, -0.9995, ("-1.33", "-1")),
        (2.30078125, 2.2998, ("2.301", "2.3")),
        (math.nan, 0.0, ("nan", "0")),
        (1.0, 1.0 + 2**-52, ("1", "1.0000000000000002")),
    ],
)
def test_numbers_of_a_title_differ(actual: float, expected: float, shown: tuple[str, str]) -> None:
    """A title shows what came out and what is exact with digits enough to tell them apart."""
    assert apart(actual, expected) == shown


@pytest.mark.parametrize(
    ("about", "subject"),
    [
        ("nn.batch_norm, eager", "nn.batch_norm"),
        ("to_static(batch_norm, full_graph=True), eager", "to_static(batch_norm, full_graph=True)"),
        ("the layer", "the layer"),
        ("f(x, y", "f(x, y"),
    ],
)
def test_a_title_keeps_the_arguments_of_a_call(about: str, subject: str) -> None:
    """What a path calls ends at a comma between its words, not at one between arguments."""
    assert called(about) == subject
