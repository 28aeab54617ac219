"""What is told beside grades: who is named, and that nobody honest is."""

from __future__ import annotations

import math
import secrets
from typing import Any

import numpy as np
import pytest

from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported
from conformance.faults.dictionary.rounding import WITHIN_BOUNDS
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.quality import bias, headroom
from conformance.quality.battery import CALLS, LEAST, Frame, calls
from conformance.quality.measure import Battery, Quality, measure
from conformance.quality.roundings import excess
from conformance.quality.wording import lines

FAULTS = {fault.id: fault for fault in WITHIN_BOUNDS}
BIASED = {
    "half-cut-off": ("float16", "y", {"toward zero", "short of its mark"}),
    "half-rounded-down": ("float16", "y", {"down"}),
    "y-cut-off": ("float32", "y", {"toward zero", "short of its mark"}),
    "gamma-off-by-2e-6": ("float32", "y", {"past its mark", "away from zero"}),
    "momentum-off-by-2e-6": ("float32", "running_mean", {"past its mark"}),
    "inv-std-off-by-2e-6": ("float32", "inv_std", {"down"}),
}
"""Faults that lean: types, an output, where to; what is short of beta is mostly toward 0 too."""


def told(ask: Any, types: str, **options: Any) -> Battery:
    """The battery of a kernel in one combination of types, from a secret seed."""
    found = measure(ask, [Frame(types=types)], secrets.token_hex(16), Dialect(), **options)
    (battery,) = found.batteries
    return battery


@pytest.mark.parametrize("fault", BIASED)
def test_errors_that_lean_are_told(fault: str) -> None:
    """A wrong rounding direction or a common factor is named, with its output and direction."""
    types, output, toward = BIASED[fault]
    found = {b.output: b for b in told(FAULTS[fault].kernel, types).biased}
    assert output in found
    assert found[output].toward in toward
    assert found[output].chance < bias.CHANCE
    assert bias.threshold(27) <= found[output].Z


@pytest.mark.parametrize(
    ("fault", "types"),
    [
        ("half-cut-off", "bfloat16+float32"),
        ("half-rounded-down", "float16"),
        ("half-rounded-by-chance", "bfloat16"),
        ("half-rounded-by-chance", "float16+float32"),
    ],
)
def test_halves_that_are_not_rounded_to_the_nearest_are_told(fault: str, types: str) -> None:
    """Cut off, rounded down or by chance: y is said not to be rounded once."""
    assert "y" in told(FAULTS[fault].kernel, types).rounded_again


@pytest.mark.parametrize("fault", ["gamma-off-by-2e-6", "beta-off-by-1e-6", "y-of-21-bits"])
def test_more_bits_lost_than_by_any_honest_algorithm_are_told(fault: str) -> None:
    """A parameter that is off, or bits that are dropped, are beyond what was measured."""
    bits = told(FAULTS[fault].kernel, "float32").bits
    assert "y" in {lost.output for lost in bits if lost.beyond}


@pytest.mark.parametrize("member", ["two-pass", "sequential", "welford", "dx-folded"])
@pytest.mark.parametrize("types", ["float32", "float64", "float16", "bfloat16+float32"])
def test_nothing_is_told_of_honest_algorithms(member: str, types: str) -> None:
    """With a seed that nobody chose: no bias, one rounding, and no more bits lost than measured."""
    found = told(kernel(PANEL[member].edits), types)
    assert found.calls == CALLS
    assert found.biased == ()
    assert found.rounded_again == ()
    assert [lost.output for lost in found.bits if lost.beyond] == []
    assert len(found.bits) == 9


def test_calls_are_independent() -> None:
    """Each has another number of values, eps, momentum and x; the same seed gives them again."""
    drawn = list(calls(Frame(types="float32"), "a"))
    for field in ("count", "eps", "momentum"):
        assert len({getattr(call, field) for call in drawn}) == CALLS
    assert len({call.x.tobytes() for call in drawn}) == CALLS
    assert {s for call in drawn for s in np.sign(np.asarray(call.gamma)).tolist()} == {-1.0, 1.0}
    again = next(iter(calls(Frame(types="float32"), "a")))
    assert np.array_equal(again.x, drawn[0].x)
    assert not np.array_equal(next(iter(calls(Frame(types="float32"), "b"))).x, drawn[0].x)


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_calls_have_the_layout_that_was_asked_for(axis: int) -> None:
    """Channels lie on their axis, samples on the first other one; types are those of the frame."""
    call = next(iter(calls(Frame(types="bfloat16+float32", ndim=4, axis=axis), "a")))
    assert call.x.ndim == 4
    assert call.channel_shape == (3,)
    assert call.x.shape[0 if axis else 1] == call.count
    assert call.types == "bfloat16+float32"


def test_the_threshold_follows_from_the_chance() -> None:
    """2 exp(-z^2 / 2) for each of the tests is 1e-9 together, and 64 calls can reach it."""
    z = bias.threshold(108)
    assert 108 * 2 * math.exp(-(z**2) / 2) == pytest.approx(1e-9)
    assert z < math.sqrt(LEAST)


def test_signs_by_chance_rarely_reach_a_high_statistic() -> None:
    """Hoeffding's bound holds for sizes of any spread: at 3 it is 2.2 %, of 2000 trials."""
    rng = np.random.default_rng(7)
    size = np.exp(3 * rng.standard_normal((2000, 64)))
    above = [bias.statistic(row) >= 3 for row in size * rng.choice([-1, 1], size.shape)]
    assert np.mean(above) <= 2 * math.exp(-4.5)
    assert bias.statistic(np.zeros(64)) == 0.0
    assert bias.statistic(np.ones(64)) == 8.0


def test_too_few_answers_tell_nothing() -> None:
    """A kernel that takes fewer than 64 of the calls is not measured, nor one without time."""

    def picky(inputs: Inputs) -> Actual:
        if inputs.count > 60:
            raise Unsupported("too many values")
        return kernel()(inputs)

    def ask(some: Any, **options: Any) -> Quality:
        return measure(some, [Frame(types="float32")], "a", Dialect(), **options)

    assert ask(picky).batteries == ()
    assert ask(kernel(), go_on=lambda: False).batteries == ()


def test_outputs_may_be_left_out() -> None:
    """What does not come back, or is not wanted, is not measured."""

    def some(inputs: Inputs) -> Actual:
        return {n: v for n, v in kernel()(inputs).items() if n in ("y", "running_mean")}

    assert [b.output for b in told(some, "float32").bits] == ["y", "running_mean"]
    left = told(some, "float32", leave_out=frozenset(["running_mean"]))
    assert [b.output for b in left.bits] == ["y"]


def test_bits_are_those_of_the_ratio() -> None:
    """Errors four times as large as the reference's are two bits, and have no spread."""
    squares = np.full(100, 0.25)
    found = headroom.lost("y", "float32", 16 * squares, squares)
    assert found.bits == pytest.approx(2.0, abs=0.01)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert found.beyond
    assert not headroom.lost("y", "float32", 2 * squares, squares).beyond


def test_excess_is_what_one_rounding_does_not_explain() -> None:
    """Float16 values near 1 lie 2^-10 apart: half of that is free, the rest counts in u S."""
    inputs = Inputs(x=np.ones((2, 1), np.float16))
    exact, scale = np.array([1 + 2.0**-11]), np.ones(1)
    up = np.array([1 + 2.0**-10], np.float16)
    assert excess(inputs, up, exact, scale) == 0.0
    further = excess(inputs, up, exact - 2.0**-13, scale)
    assert further == pytest.approx(2.0**-13 / 2.0**-24, rel=1e-3)


def test_lines_name_what_is_worth_naming() -> None:
    """Bits, bias with its chance, and roundings, a line for each combination of types."""
    leans = bias.Bias(output="y", toward="toward zero", units=0.4, Z=9.8, chance=1e-20)
    half = Battery(
        types="float16",
        calls=128,
        bits=(
            headroom.Lost(output="y", bits=2.0, error=0.1, beyond=True),
            headroom.Lost(output="dx", bits=0.2, error=0.1, beyond=False),
        ),
        biased=(leans,),
        rounded_again=("y", "dx"),
    )
    quality = Quality(batteries=(half, Battery(types="float32", calls=100)), tests=27)
    first, second = lines(quality)
    assert first == (
        "float16: bits lost against the best honest sums: y 2.0; more than any honest algorithm "
        "measured: y; y is biased toward zero (Z = 9.8, by chance 1e-20); y, dx not rounded once "
        "(128 calls)"
    )
    assert second == "float32: no output loses half a bit against sums in a wider type (100 calls)"
