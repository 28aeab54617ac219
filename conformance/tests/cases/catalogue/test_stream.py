"""Tests of `conformance.cases.catalogue.stream`."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from conformance.cases.catalogue.stream import Stream


def test_words_are_philox_keyed_by_the_hash() -> None:
    """The words of a stream are those of Philox under the first 16 bytes of SHA-256."""
    key = int.from_bytes(hashlib.sha256(b"dense/train/x").digest()[:16], "little")
    expected = np.random.Philox(key=key).random_raw(5)
    np.testing.assert_array_equal(Stream("dense/train/x").words(5), expected)


def test_words_are_pinned() -> None:
    """The words of a stream never change."""
    assert [hex(word) for word in Stream("pinned").words(2)] == PINNED


PINNED = ["0x689658c3999de2d5", "0x7644efb8993b42fa"]
"""Printed once by this very class; any change of it would remake every case."""


def test_words_continue() -> None:
    """Drawing twice continues the sequence, it does not start over."""
    stream = Stream("a")
    joined = np.concatenate([stream.words(3), stream.words(4)])
    np.testing.assert_array_equal(joined, Stream("a").words(7))


def test_seeds_make_different_streams() -> None:
    """Streams of different seeds have nothing in common."""
    assert not set(Stream("a").words(100).tolist()) & set(Stream("b").words(100).tolist())


def test_uniform_stays_in_its_interval() -> None:
    """Uniform numbers lie in [0, 1), are multiples of 2**-53 and average 1/2."""
    drawn = Stream("u").uniform(4, 1000)
    assert drawn.shape == (4, 1000)
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    assert np.all(np.ldexp(drawn, 53) % 1.0 == 0.0)
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)


def test_normal_is_a_sum_of_twelve_integers() -> None:
    """A normal number is the sum of the twelve 16-bit parts of three words, centred and scaled."""
    words = [int(word) for word in Stream("n").words(3)]
    parts = [(word >> shift) & 0xFFFF for word in words for shift in (0, 16, 32, 48)]
    assert Stream("n").normal(1, 1)[0, 0] == (sum(parts) - 6 * 0xFFFF) / 65536


def test_normal_has_the_moments_of_a_normal() -> None:
    """Nearly normal numbers have mean 0, variance 1, fourth moment 3 - 0.1 and stay within 6."""
    drawn = Stream("n").normal(1, 40_000)
    assert drawn.mean() == pytest.approx(0.0, abs=0.02)
    assert drawn.var() == pytest.approx(1.0, abs=0.03)
    assert np.mean(drawn**4) == pytest.approx(2.9, abs=0.1)
    assert np.abs(drawn).max() <= 6.0


def test_order_is_a_permutation_per_row() -> None:
    """An order holds every position once in each row, and rows differ."""
    drawn = Stream("o").order(5, 16)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(16), (5, 1)))
    assert len({tuple(row) for row in drawn.tolist()}) == 5


def test_nothing_can_be_drawn() -> None:
    """An empty batch draws no numbers and keeps its shape."""
    assert Stream("e").normal(8, 0).shape == (8, 0)
    assert Stream("e").uniform(8, 0).shape == (8, 0)
