"""Tests of `conformance.cases.catalogue.upstream`."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Array
from conformance.cases.catalogue import upstream
from conformance.cases.catalogue.stream import Stream

EPS = 2.0**-17


def _x() -> Array:
    return 3.0 + 2.0 * Stream("x").normal(4, 9)


def _drawn(what: upstream.Upstream) -> Array:
    return what.draw(Stream("dy"), _x(), EPS)


def test_x_hat_is_standardized() -> None:
    """Normalized x has mean 0 and variance var / (var + eps) in each channel."""
    normalized = upstream.x_hat(_x(), EPS)
    np.testing.assert_allclose(normalized.mean(axis=1), 0.0, atol=1e-15)
    var = _x().var(axis=1)
    np.testing.assert_allclose(normalized.var(axis=1), var / (var + EPS), rtol=1e-13)


def test_x_hat_of_what_is_not_finite_is_finite() -> None:
    """Values that are not finite count as 0, so that dy itself stays finite."""
    x = _x()
    x[1, 2], x[3, 0] = np.nan, np.inf
    assert np.isfinite(upstream.x_hat(x, EPS)).all()


def test_x_hat_of_nothing_is_nothing() -> None:
    """An empty batch has an empty normalized x."""
    assert upstream.x_hat(np.zeros((8, 0)), EPS).shape == (8, 0)


def test_the_usual_gradient_hides_no_term() -> None:
    """The usual gradient has a mean and a projection on xhat, neither of them small."""
    drawn = upstream.USUAL.draw(Stream("dy"), Stream("x").normal(4, 500), EPS)
    projection = (drawn * upstream.x_hat(Stream("x").normal(4, 500), EPS)).mean(axis=1)
    np.testing.assert_allclose(drawn.mean(axis=1), 0.7, atol=0.1)
    np.testing.assert_allclose(projection, 1.0, atol=0.1)


def test_a_parallel_gradient_is_a_multiple_of_x_hat() -> None:
    """The parallel gradient is 3 xhat."""
    np.testing.assert_array_equal(_drawn(upstream.PARALLEL), 3.0 * upstream.x_hat(_x(), EPS))


def test_a_centred_gradient_sums_to_nothing() -> None:
    """The centred gradient has a sum of rounding errors alone."""
    np.testing.assert_allclose(_drawn(upstream.CENTRED).sum(axis=1), 0.0, atol=1e-14)


@pytest.mark.parametrize(
    ("what", "row"),
    [
        (upstream.constant(0.75), [0.75] * 9),
        (upstream.one_hot(2), [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        (upstream.halves(2.0, -1.0), [2, 2, 2, 2, -1, -1, -1, -1, -1]),
        (upstream.ALTERNATING, [1, -1, 1, -1, 1, -1, 1, -1, 1]),
    ],
)
def test_fixed_gradients_are_alike_in_all_channels(
    what: upstream.Upstream, row: list[float]
) -> None:
    """Gradients that do not depend on x have the same, known row in every channel."""
    assert _drawn(what).tolist() == [row] * 4
    assert not np.signbit(_drawn(what)[_drawn(what) == 0]).any()


def test_integer_gradients_are_integers() -> None:
    """Integer gradients take every integer of their range."""
    drawn = upstream.integers(-4, 4).draw(Stream("dy"), np.zeros((10, 100)), EPS)
    assert set(drawn.ravel()) == set(range(-4, 5))


def test_scaled_and_changed_gradients() -> None:
    """A multiple scales every element; a replaced element changes that one alone."""
    plain = _drawn(upstream.NOISE)
    np.testing.assert_array_equal(_drawn(upstream.NOISE.times(4.0)), 4.0 * plain)
    changed = _drawn(upstream.NOISE.but(1, 3, np.nan))
    assert np.argwhere(np.isnan(changed)).tolist() == [[1, 3]]
    assert np.count_nonzero(plain != changed) == 1
