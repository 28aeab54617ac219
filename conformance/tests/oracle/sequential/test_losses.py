"""From the losses of sums to those of outputs: every formula beside one for single numbers.

What sums lose is made simple here, and another number for terms as they are and for scaled ones,
so that each formula shows where it asks for which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Inputs
from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.losses import Class, losses
from conformance.oracle.sequential.welford import welford


@dataclass(frozen=True)
class Simple:
    """A loss that grows with terms, sizes and weights, each in its own way."""

    part: float

    def __call__(
        self, terms: Floats, *, size: Floats | None = None, weight: Floats | None = None
    ) -> Floats:
        """See `conformance.oracle.sequential.sums.Losing`."""
        found = self.part * np.abs(terms).sum(axis=1, keepdims=True)
        if size is not None:
            assert weight is not None
            found = found + self.part / 8 * (size * weight).sum(axis=1, keepdims=True)
        return np.asarray(found)

    def of(self, terms: Sequence[float]) -> float:
        """The same of one row."""
        return self.part * sum(map(abs, terms))


PLAIN, SCALED = Simple(2.0**-9), Simple(2.0**-8)
CHANNELS = 3


def inputs(*, channels: int = CHANNELS, **changes: Any) -> Inputs:
    """Five values in each channel, and an earlier batch."""
    rng = np.random.default_rng(11)

    def drawn(*shape: int) -> Any:
        return rng.standard_normal(shape)

    made = Inputs(
        x=drawn(5, channels) + 0.5,
        dy=drawn(5, channels),
        gamma=np.array([-1.5, 0.25, 2.0])[:channels],
        beta=np.zeros(channels),
        running_mean=drawn(channels),
        running_var=np.array([0.5, 1.0, 2.0])[:channels],
        eps=0.125,
        momentum=0.25,
        earlier=(drawn(5, channels),),
    )
    return replace(made, **changes)


def across(*values: float) -> Floats:
    """The same values in every channel."""
    return np.tile(np.array(values)[:, np.newaxis], (1, CHANNELS))


def mean_of(values: Sequence[float]) -> float:
    """The mean."""
    return sum(values) / len(values)


def slow_welford(x: Sequence[float]) -> tuple[float, float]:
    """m_W and v_W of one channel, step by step."""
    M, found = len(x), []
    for order in (x, x[::-1]):
        before, m, squares, drift = 0.0, 0.0, 0.0, 0.0
        for k, value in enumerate(order, 1):
            now = sum(order[:k]) / k
            step = (value - before) / k
            m += SCALED.part * abs(step) + SCALED.part / 8 * max(abs(now), abs(step)) * k / M
            squares += SCALED.part * abs((value - now) * (value - before))
            drift += value - before if k > 1 else 0.0
            before = now
        found.append((m, squares / M + m * m + 2 * m * abs(drift) / M))
    return max(m for m, _ in found), max(v for _, v in found)


@dataclass
class Slow:
    """One channel of a call in training, in single numbers."""

    x: list[float]
    dy: list[float]
    gamma: float
    eps: float
    outside: bool = False
    single_pass: bool = False
    spent: float = 0.0
    welford: bool = True

    def __post_init__(self) -> None:
        M = self.M = len(self.x)
        self.mean = mean_of(self.x)
        self.d = [v - self.mean for v in self.x]
        self.var = mean_of([v * v for v in self.d])
        m_W, v_W = slow_welford(self.x) if self.welford else (0.0, 0.0)
        self.m = max(PLAIN.of(self.x) / M, m_W)
        self.v = max(PLAIN.of([v * v for v in self.d]) / M + self.m**2, v_W)
        if self.single_pass:
            self.v += PLAIN.of([v * v for v in self.x]) / M + 2 * abs(self.mean) * self.m
        sigma = math.sqrt(self.var)
        if self.outside:
            self.r, self.w = 1 / (sigma + self.eps), 1 / sigma
            k = self.r * self.w / 2
            twice = k + self.w**2 / 2
        else:
            self.r = self.w = 1 / math.sqrt(self.var + self.eps)
            k, twice = self.r**2 / 2, self.r**2
        self.s = self.spent + twice * self.v

        def growth(part: float) -> float:
            return float((1 - min(part, 0.5)) ** -1.5)

        beyond = self.spent * (growth(self.s) - growth(self.spent))
        self.twice_i = twice * self.v * growth(self.s) + beyond
        self.i = self.twice_i * k / twice

    def outputs(self) -> dict[str, Any]:
        """What each output may lose; lists for those of the shape of x."""
        M, m, i, r, w, g = self.M, self.m, self.i, self.r, self.w, abs(self.gamma)
        b, dbeta = PLAIN.of(self.dy), abs(sum(self.dy))
        products = [t * d for t, d in zip(self.dy, self.d, strict=True)]
        straight = SCALED.of(products) + (dbeta + b) * m
        of_x = SCALED.of([t * x for t, x in zip(self.dy, self.x, strict=True)])
        lost = r * max(straight, of_x + (abs(self.mean) + m) * b + dbeta * m)
        along = sum(products)
        G = abs(along) * r
        dx = []
        for t, d in zip(self.dy, self.d, strict=True):
            inner = t - mean_of(self.dy) - d * r * w * along / M
            sums = max(b, SCALED.of(self.dy)) + 2 * m * w * (G + lost)
            sums += (abs(d) + m) * w * (lost + self.twice_i * (G + lost))
            dx.append(g * r * (sums / M + abs(inner) * i))
        return {
            "mean": m,
            "var": self.v,
            "inv_std": r * i,
            "y": [g * r * (m + (abs(d) + m) * i) for d in self.d],
            "dbeta": b,
            "dgamma": lost + (G + lost) * i,
            "dx": dx,
        }


def of(**changes: Any) -> Class:
    """The class of sums one after the other, with simple losses."""
    return Class(plain=PLAIN, scaled=SCALED, **changes)


def slow(given: Inputs, c: int, **changes: Any) -> Slow:
    """A channel of a call."""
    gamma = 1.0 if given.gamma is None else float(given.gamma[c])
    dy = [0.0] * given.count if given.dy is None else given.dy[:, c].tolist()
    return Slow(given.x[:, c].tolist(), dy, gamma, float(given.eps), **changes)


@pytest.mark.parametrize("rows", [[2, 0], [2, 0, 1]])
@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        ({}, {}),
        ({"outside": True}, {}),
        ({"single_pass": True}, {}),
        ({"single_pass": True, "spent": 0.125}, {}),
        ({"outside": True, "single_pass": True, "spent": 0.25}, {}),
        ({"welford": False}, {}),
        ({}, {"gamma": None}),
        ({}, {"eps": 100.0}),
        ({}, {"dy": across(4.0, -1.0, -1.0, -1.0, -1.0)}),
        # Where dy is, x is 0: sum(dy (x - mean)) loses more than the folded form.
        ({}, {"x": across(0.0, 0.0, 0.0, 0.0, 5.0), "dy": across(1.0, -2.0, 1.0, 0.5, 0.0)}),
    ],
)
def test_each_output_loses_what_its_formula_says(
    asked: dict[str, Any], changes: dict[str, Any], rows: list[int]
) -> None:
    """Every output of some channels, for both dialects, both classes and with what is spent."""
    given = inputs(**changes)
    which = of(**{name: value for name, value in asked.items() if name != "outside"})
    found = losses(given, np.array(rows), which, eps_outside=asked.get("outside", False))
    for place, c in enumerate(rows):
        want = slow(given, c, **asked)
        for name, value in want.outputs().items():
            assert found.of[name][place].tolist() == pytest.approx(np.atleast_1d(value).tolist())
        assert bool(found.valid[place, 0]) is (want.s < 0.5)


def test_running_statistics_add_up_over_batches() -> None:
    """New = |1 - m| old + |m| loss, the variance's times M / (M - 1); the earlier batch first."""
    for momentum in (0.25, 1.5, -0.5):
        given = inputs(momentum=momentum)
        found = losses(given, np.arange(CHANNELS), of()).of
        (earlier,) = given.earlier
        for c in range(CHANNELS):
            before, now = slow(replace(given, x=earlier), c), slow(given, c)
            old, new = abs(1 - momentum), abs(momentum)
            mean = old * new * before.m + new * now.m
            var = (old * new * before.v + new * now.v) * 5 / 4
            assert found["running_mean"][c, 0] == pytest.approx(mean)
            assert found["running_var"][c, 0] == pytest.approx(var)


def test_one_value_per_channel_has_no_correction() -> None:
    """M / (M - 1) is 1 where M is 1, as the running variance has no other."""
    given = inputs(x=np.array([[3.0]]), dy=np.array([[1.0]]), channels=1, earlier=(), momentum=1.0)
    found = losses(given, np.array([0]), of()).of
    assert found["running_var"][0, 0] == pytest.approx(found["var"][0, 0])
    assert found["running_mean"][0, 0] == pytest.approx(found["mean"][0, 0])


def test_test_mode_loses_in_dgamma_and_dbeta_alone() -> None:
    """The statistics are given without error: the sums of the gradients are what is left."""
    given = inputs(training=False, earlier=())
    found = losses(given, np.arange(CHANNELS), of()).of
    for name in ("mean", "var", "inv_std", "y", "dx", "running_mean", "running_var"):
        assert not found[name].any()
    assert given.dy is not None
    assert given.running_mean is not None
    assert given.running_var is not None
    for c in range(CHANNELS):
        dy, x = given.dy[:, c].tolist(), given.x[:, c].tolist()
        mean, r = float(given.running_mean[c]), 1 / math.sqrt(float(given.running_var[c]) + 0.125)
        straight = SCALED.of([t * (v - mean) for t, v in zip(dy, x, strict=True)])
        of_x = SCALED.of([t * v for t, v in zip(dy, x, strict=True)]) + abs(mean) * PLAIN.of(dy)
        assert found["dbeta"][c, 0] == pytest.approx(PLAIN.of(dy))
        assert found["dgamma"][c, 0] == pytest.approx(r * max(straight, of_x))


def test_what_is_not_asked_for_has_no_loss() -> None:
    """Without dy no gradients, without running statistics none of them."""
    given = inputs(dy=None, running_mean=None, running_var=None, earlier=())
    assert set(losses(given, np.array([0]), of()).of) == {"mean", "var", "inv_std", "y"}


def test_inputs_that_are_not_finite_are_allowed_nothing() -> None:
    """A channel with an infinite value or gradient loses 0 there, and others what they do."""
    given = inputs()
    assert given.dy is not None
    x, dy = given.x.copy(), given.dy.copy()
    x[1, 0], dy[1, 1] = np.inf, np.nan
    found = losses(replace(given, x=x, dy=dy), np.arange(CHANNELS), of()).of
    plain = losses(given, np.arange(CHANNELS), of()).of
    for name in ("mean", "var", "y"):
        assert not found[name][0].any()
        assert np.array_equal(found[name][1:], plain[name][1:])
    assert not found["dbeta"][1].any()
    assert all(np.isfinite(values).all() for values in found.values())


def test_a_root_of_zero_is_allowed_nothing() -> None:
    """A constant channel without eps has no bound for what is divided by its deviation."""
    given = inputs(x=np.full((5, CHANNELS), 2.0), eps=0.0, earlier=())
    found = losses(given, np.arange(CHANNELS), of()).of
    assert not any(found[name].any() for name in ("inv_std", "y", "dgamma", "dx"))
    assert (found["mean"] > 0).all()


def test_half_of_the_variance_is_the_edge() -> None:
    """What may lose half of var + eps has nothing left; the next float below has."""
    given = inputs(x=np.array([[1.0], [-1.0]]), dy=None, channels=1, eps=0.0, earlier=())
    none = Simple(0.0)
    for spent, valid in ((0.5, False), (np.nextafter(0.5, 0), True), (np.nan, False)):
        which = Class(plain=none, scaled=none, spent=float(spent))
        assert bool(losses(given, np.array([0]), which).valid[0, 0]) is valid


def test_welford_loses_what_its_steps_do() -> None:
    """Mean and variance of the natural and of the reversed order, the larger counts."""
    rng = np.random.default_rng(3)
    rows = np.concatenate([rng.standard_normal((2, 7)), [[9.0, 0, 0, 0, 0, 0, 0]]])
    mean, var = welford(rows, SCALED)
    for c, row in enumerate(rows.tolist()):
        assert (mean[c, 0], var[c, 0]) == pytest.approx(slow_welford(row))
