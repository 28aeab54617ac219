"""Tests of `conformance.cases.catalogue.values`."""

from __future__ import annotations

import numpy as np

from conformance.case import Array
from conformance.cases.catalogue import values
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.values import VARIED, Values


def _drawn(what: Values, channels: int = 4, count: int = 6) -> Array:
    return what.draw(Stream("values"), channels, count)


def test_varied_channels_hide_nothing() -> None:
    """Channels of the default differ in mean and deviation, and their means are away from 0."""
    drawn = _drawn(VARIED, 8, 4000)
    means, deviations = drawn.mean(axis=1), drawn.std(axis=1)
    assert np.all(np.abs(means) > 0.4)
    assert set(np.sign(means[::2])) == {1.0}
    assert set(np.sign(means[1::2])) == {-1.0}
    assert deviations.max() > 1.2 * deviations.min()


def test_signed_alternates() -> None:
    """Signed values are negative in odd channels and keep to their magnitudes."""
    drawn = _drawn(values.signed(0.5, 2.0), 7, 1)[:, 0]
    assert np.sign(drawn).tolist() == [1, -1, 1, -1, 1, -1, 1]
    assert np.all((np.abs(drawn) >= 0.5) & (np.abs(drawn) < 2.0))


def test_uniform_keeps_to_its_interval() -> None:
    """Uniform values fill their interval and no more."""
    drawn = _drawn(values.uniform(5.0, 12.0), 10, 100)
    assert 5.0 <= drawn.min() < 5.2
    assert 11.8 < drawn.max() < 12.0


def test_given_numbers_go_channel_by_channel() -> None:
    """Given numbers are taken in order and start over when they run out."""
    assert _drawn(values.given(1.0, 2.0, 3.0), 2, 3).tolist() == [[1, 2, 3], [1, 2, 3]]
    assert _drawn(values.given(1.0, 2.0, 3.0), 2, 2).tolist() == [[1, 2], [3, 1]]


def test_relu_leaves_positive_zeros() -> None:
    """After relu, values are the same where they were positive, and +0 elsewhere."""
    plain, cut = _drawn(VARIED), _drawn(VARIED.relu())
    np.testing.assert_array_equal(cut, np.maximum(plain, 0.0))
    assert not np.signbit(cut).any()
    assert (cut == 0).any()


def test_but_replaces_single_elements() -> None:
    """Replaced elements change, and no others do."""
    plain, changed = _drawn(VARIED), _drawn(VARIED.but({(1, 2): 99.0}))
    assert changed[1, 2] == 99.0
    assert np.count_nonzero(plain != changed) == 1


def test_but_channel_replaces_one_channel() -> None:
    """A replaced channel is drawn from the other distribution, the rest stay as they were."""
    plain, changed = _drawn(VARIED), _drawn(VARIED.but_channel(2, values.given(7.0)))
    assert changed[2].tolist() == [7.0] * 6
    np.testing.assert_array_equal(np.delete(changed, 2, 0), np.delete(plain, 2, 0))


def test_times_scales() -> None:
    """A multiple of a distribution is each value times the factor."""
    np.testing.assert_array_equal(_drawn(VARIED.times(0.5)), 0.5 * _drawn(VARIED))


def test_offset_is_measured_in_deviations() -> None:
    """The mean of an offset channel is its deviation times the ratio, of alternating sign."""
    drawn = _drawn(values.offset(100), 4, 4000)
    ratios = drawn.mean(axis=1) / drawn.std(axis=1)
    np.testing.assert_allclose(ratios, [100, -100, 100, -100], rtol=0.05)


def test_arranged_integers_have_the_deviations_asked_for() -> None:
    """Arranged values of a channel are its integer centre plus the deviations, in some order."""
    drawn = _drawn(values.arranged((3, -1, -1, -1), 0.25), 5, 4) / 0.25
    assert drawn.mean(axis=1).tolist() == [-2, -1, 0, 1, 2]
    for row in drawn - drawn.mean(axis=1, keepdims=True):
        assert sorted(row) == [-1, -1, -1, 3]


def test_integers_include_both_ends() -> None:
    """Integers take every value of their range, the ends included."""
    assert set(_drawn(values.integers(-2, 2), 10, 50).ravel()) == {-2, -1, 0, 1, 2}


def test_every_distribution_says_what_it_is() -> None:
    """What is derived from a distribution says so in its words."""
    told = VARIED.times(2.0).relu().but({(0, 1): 5.0}).but_channel(3, values.normal(1.0, 2.0)).about
    for words in ("2 * (", "max(0,", "5.0 at channel 0, value 1", "channel 3 is 1 + 2 n"):
        assert words in told
