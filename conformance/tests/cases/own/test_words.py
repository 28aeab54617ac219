"""The words of recipes: each is a distribution of the catalogue, and nothing else is one."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from conformance.cases.catalogue import upstream, values
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.upstream import Upstream
from conformance.cases.catalogue.values import Values
from conformance.cases.own import words
from conformance.cases.own.words import drawn_from, gradient_of
from conformance.errors import RecipeError

X = np.array([[1.0, 2.0, 4.0], [-3.0, 0.5, 9.0]])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("varied", values.VARIED),
        ("normal", values.normal(0.0, 1.0)),
        ("normal:-1:2", values.normal(-1.0, 2.0)),
        ("uniform:1:3", values.uniform(1.0, 3.0)),
        ("signed:0.5:2", values.signed(0.5, 2.0)),
        ("offset:1e3", values.offset(1000.0)),
        ("constant:3", values.given(3.0)),
        ("given:1:2:-4", values.given(1.0, 2.0, -4.0)),
        ("integers:-2:2", values.integers(-2, 2)),
        ("arranged:1:-1:0", values.arranged((1, -1, 0))),
        ("varied relu times:2", values.VARIED.relu().times(2.0)),
        ("varied put:1:2:nan put:0:0:-inf", values.VARIED.but({(1, 2): np.nan, (0, 0): -np.inf})),
    ],
)
def test_a_word_is_what_the_catalogue_draws(text: str, wanted: Values) -> None:
    """A word with its numbers draws the very numbers of the distribution that it names."""
    made = drawn_from(text)
    assert made is not None
    np.testing.assert_array_equal(
        made.draw(Stream("seed"), 3, 3), wanted.draw(Stream("seed"), 3, 3), strict=True
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("usual", upstream.USUAL),
        ("noise", upstream.NOISE),
        ("parallel times:-2", upstream.PARALLEL.times(-2.0)),
        ("centred", upstream.CENTRED),
        ("alternating", upstream.ALTERNATING),
        ("constant:0.5", upstream.constant(0.5)),
        ("level:1:-1", upstream.level(1.0, -1.0)),
        ("one-hot:1", upstream.one_hot(1)),
        ("halves:1:-3", upstream.halves(1.0, -3.0)),
        ("integers:-4:4 put:0:1:inf", upstream.integers(-4, 4).but(0, 1, np.inf)),
    ],
)
def test_a_word_of_dy_is_what_the_catalogue_makes(text: str, wanted: Upstream) -> None:
    """A word of dy makes the very numbers of the gradient that it names."""
    made = gradient_of(text)
    assert made is not None
    np.testing.assert_array_equal(
        made.draw(Stream("seed"), X, 1e-5), wanted.draw(Stream("seed"), X, 1e-5), strict=True
    )


def test_every_word_is_tried() -> None:
    """The two tables above have every word there is."""
    source = Path(__file__).read_text(encoding="utf-8")
    row = r'^        \("([a-z-]+)[^"]*", (?:values|upstream)\.'
    tried = set(re.findall(row, source, re.MULTILINE))
    assert tried == {*words.VALUES, *words.GRADIENTS}


def test_none_is_no_array() -> None:
    """The word none stands for an array that is not given."""
    assert drawn_from("none") is None
    assert gradient_of("none") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ofset:10", r"'ofset:10' was found.*Did you mean offset\?"),
        ("", "'' was found, one of varied"),
        ("none relu", "'none' was found, one of varied"),
        ("offset", "has 0 numbers, offset:RATIO was wanted"),
        ("normal:1", "has 1 numbers, normal:MEAN:SD was wanted"),
        ("offset:x", "'x' was found in offset:RATIO, a finite number"),
        ("offset:nan", "'nan' was found in offset:RATIO, a finite number"),
        ("constant:inf", "a finite number was wanted"),
        ("varied put:0:1:x", "'x' was found in put"),
        ("varied put:0.5:1:2", "0.5 was found, a whole number"),
        ("varied put:nan:1:2", "a whole number was wanted"),
        ("varied put:inf:1:2", "a whole number was wanted"),
        ("varied put:-1:1:2", "place -1 was found, one of 0 or more"),
        ("integers:0.5:1", "0.5 was found, a whole number"),
        ("integers:2:1", "2 to 1 was found, the smaller one first"),
        ("arranged:1:2", "deviations sum to 3, 0 was wanted"),
        ("varied bend:2", "'bend:2' was found, one of times"),
        ("given:" + ":".join(["1"] * 5000), "has 5000 numbers"),
    ],
)
def test_what_is_no_word_is_refused(text: str, said: str) -> None:
    """A word that means nothing is told with what was found and what was wanted."""
    with pytest.raises(RecipeError, match=said):
        drawn_from(text)


@pytest.mark.parametrize("text", ["offset:10", "usual relu", "level"])
def test_dy_has_words_of_its_own(text: str) -> None:
    """What x is drawn from is no gradient, and relu is no change of one."""
    with pytest.raises(RecipeError, match="wanted"):
        gradient_of(text)
