"""The quick phase gives the bits that the integers give, on every input."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance.case import Array, Inputs
from conformance.cases import golden
from conformance.oracle.quick import lines, points
from conformance.oracle.quick.channels import _Integers
from conformance.oracle.quick.solve import solve_quickly
from conformance.oracle.reference import solve_by_integers
from conformance.tests.oracle.by_hand import make
from conformance.tests.oracle.hard import differing, near_midpoints

TYPES = (np.float64, np.float32, np.float16, ml_dtypes.bfloat16)
GROUPS = sorted({name.split("/")[0] for name in golden.select()})


_SLOW = 2000
"""Values from which on the fractions of the other convention of eps take seconds."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many values of each channel that has any went to the integers, as they go."""
    counts: list[int] = []
    settle = _Integers.settle

    def counting(self: _Integers, c: int, places: Array, results: Any) -> None:
        counts.append(places.size)
        settle(self, c, places, results)

    monkeypatch.setattr(_Integers, "settle", counting)
    return counts


def unequal(inputs: Inputs) -> list[str]:
    """What differs between the two methods, in both conventions of eps if that is not slow."""
    return [
        f"{name}, eps_outside={outside}"
        for outside in ((False, True) if inputs.x.size < _SLOW else (False,))
        for name in differing(
            solve_quickly(inputs, eps_outside=outside),
            solve_by_integers(inputs, eps_outside=outside),
        )
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_golden_cases_keep_their_bits(group: str, opened: list[int]) -> None:
    """On every golden case both methods agree; few values ever see the integers."""
    values = 0
    for case in golden.load(golden.select([f"{group}/*"])):
        if case.inputs.count:
            assert unequal(case.inputs) == [], case.id
            values += sum(array.size for array in case.expected.items().values())
    assert values or group == "empty"
    assert sum(opened) <= 0.05 * values


def stream(dtype: Any, *, training: bool, seed: int) -> Inputs:
    """Inputs of random shape, size, offset, eps and parameters."""
    rng = np.random.default_rng(seed)
    count, channels = int(rng.choice([1, 2, 3, 7, 64, 500])), int(rng.choice([1, 3, 17]))
    narrow = dtype is np.float16
    scale = 2.0 ** rng.integers(-6, 6) if narrow else 2.0 ** rng.integers(-60, 60)
    offset = float(rng.choice([0.0, 1.0, 100.0])) * scale

    def draw(size: Any, by: float = 1.0, plus: float = 0.0) -> Array:
        return np.asarray(rng.normal(size=size) * by + plus).astype(dtype)

    return Inputs(
        x=draw((count, channels), scale, offset),
        dy=None if rng.random() < 0.1 else draw((count, channels), 1 / scale),
        gamma=None if rng.random() < 0.2 else draw(channels),
        beta=None if rng.random() < 0.2 else draw(channels),
        running_mean=draw(channels, scale),
        running_var=np.abs(draw(channels)) + dtype(0.5),
        eps=float(rng.choice([0.0, 1e-12, 1e-5, 0.5])),
        momentum=float(rng.choice([0.1, 0.5, 1.0])),
        training=training,
        earlier=(draw((count, channels), scale),) * int(rng.integers(0, 2)),
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", TYPES)
def test_random_inputs_keep_their_bits(dtype: Any, training: bool, seed: int) -> None:
    """Whatever type, mode, size, offset and eps, both methods agree."""
    assert unequal(stream(dtype, training=training, seed=seed)) == []


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(TYPES[:3]), st.booleans())
def test_any_input_keeps_its_bits(data: st.DataObject, dtype: Any, training: bool) -> None:
    """NaN, infinities, subnormal and huge numbers included, both methods agree."""
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 3)))
    elements = arrays.from_dtype(np.dtype(dtype))
    batch = arrays.arrays(dtype, shape, elements=elements)
    row = arrays.arrays(dtype, shape[1], elements=elements)
    inputs = Inputs(
        x=data.draw(batch),
        dy=data.draw(st.none() | batch),
        gamma=data.draw(st.none() | row),
        beta=data.draw(st.none() | row),
        running_mean=data.draw(row),
        running_var=data.draw(row),
        eps=data.draw(st.sampled_from([0.0, 1e-300, 1e-5, 3.0, 1e300])),
        momentum=data.draw(st.floats(allow_nan=False, allow_infinity=False)),
        training=training,
    )
    assert unequal(inputs) == []


ONES = np.array([[1.0], [-1.0]])
TIE = np.array([1.5 * (1 + 2.0**-51)])
RANGE = np.array([[2.0**90], [2.0**-20], [-(2.0**70)], [1.0]])
HARD: dict[str, Inputs] = {
    "true tie": Inputs(x=ONES, gamma=TIE, beta=np.array([2.0**-53]), eps=1.25),
    "just above a midpoint": Inputs(
        x=ONES, gamma=np.array([2.0**-52 * (1 + 2.0**-52)]), beta=np.ones(1), eps=3.0
    ),
    "just below a midpoint": Inputs(
        x=ONES, gamma=np.array([2.0**-52 * (1 - 2.0**-53)]), beta=np.ones(1), eps=3.0
    ),
    "exact results": Inputs(x=ONES * 3, dy=ONES * 5, eps=7.0),
    "dx is 0": Inputs(x=np.array([[1.0], [2.0], [4.0]]), dy=np.full((3, 1), 0.1), eps=1e-3),
    "dx is 0 beside eps": Inputs(x=ONES, dy=ONES * 0.1, eps=0.0),
    "dx cancels": Inputs(x=ONES, dy=ONES * 0.1, eps=1e-13),
    "y is 0": Inputs(x=np.array([[1.0], [2.0], [3.0]]), dy=np.eye(3)[:, :1], eps=1e-5),
    "gamma is 0": make((5, 2), np.float64, gamma=np.zeros(2), beta=np.array([-0.0, 0.3])),
    "far from 0": Inputs(x=2.0**45 + np.arange(9.0)[:, None], dy=np.ones((9, 1))),
    "wide": Inputs(x=RANGE, dy=RANGE[::-1] * 3, eps=1e-5),
    "subnormal results": Inputs(x=ONES, dy=ONES[::-1] * 7e-323, gamma=np.array([3e-310])),
    "largest results": Inputs(
        x=ONES, dy=ONES, gamma=np.array([1.7976931348623157e308]), beta=np.array([1e292]), eps=1e-40
    ),
    "one value": make((1, 4), np.float32),
    "constant": make((6, 2), np.float64, x=np.full((6, 2), 0.1)),
    "no variance, no eps": make((6, 2), np.float64, x=np.full((6, 2), 0.1), eps=0.0),
    "one channel of two constant": make((6, 2), np.float64, x=np.eye(6)[:, :2] * [0.0, 1.0]),
    "negative zeros": make((4, 2), np.float64, x=np.zeros((4, 2)) * -1, beta=np.zeros(2) * -1),
    "x is the running mean": make(
        (4, 1), np.float64, x=np.full((4, 1), 0.7), running_mean=np.full(1, 0.7), training=False
    ),
    "dgamma cancels in test mode": make(
        (2, 1), np.float64, dy=np.ones((2, 1)), x=np.array([[0.5], [-0.5 + 2.0**-53]]),
        running_mean=np.zeros(1), training=False,
    ),
    "per activation": make((5, 3, 4), np.float32, axis=(1, 2)),
    "many blocks": make((40_001, 1), np.float32),
}  # fmt: skip


@pytest.mark.parametrize("inputs", HARD.values(), ids=HARD)
def test_hard_inputs_keep_their_bits(inputs: Inputs) -> None:
    """Ties, exact results, cancellation, wide ranges and both ends of the range agree."""
    if inputs.running_mean is None:
        assert unequal(replace(inputs, training=True)) == []
        zero, one = np.zeros(1), np.ones(1)
        inputs = replace(inputs, training=False, running_mean=zero, running_var=one)
    assert unequal(inputs) == []


def test_values_next_to_a_midpoint_go_to_the_integers(opened: list[int]) -> None:
    """Within 2^-98 of a midpoint no float bound decides: all such y stay open, and are right."""
    inputs = near_midpoints(60)
    assert differing(solve_quickly(inputs), solve_by_integers(inputs)) == []
    assert sum(opened) >= 60


def no_bound_of_slices(patch: pytest.MonkeyPatch) -> None:
    """As if the slices had no error."""
    patch.setattr(lines, "BOUND_Y", -30)


def no_bound_of_pairs(patch: pytest.MonkeyPatch) -> None:
    """As if double-word numbers had no error."""
    patch.setattr(points, "BOUND", 2.0**-140)


@pytest.mark.parametrize("broken", [no_bound_of_slices, no_bound_of_pairs])
def test_a_bound_that_is_too_small_is_noticed(
    broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values next to midpoints come out wrong if an error is thought smaller than it is."""
    inputs = near_midpoints(400, closest=48)
    right = solve_by_integers(inputs)
    broken(monkeypatch)
    assert any("y" in name for name in differing(solve_quickly(inputs), right))


def test_a_value_takes_few_bytes() -> None:
    """In one long channel the solver holds at most 40 bytes a value beside what it is given."""
    inputs = make((70_001, 1), np.float32)
    tracemalloc.start()
    values = sum(array.size for array in solve_quickly(inputs).items().values())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 40 * values


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ordinary_values_stay_out_of_the_integers(dtype: Any, opened: list[int]) -> None:
    """Of 33 000 random values none is left open by both quick phases."""
    solve_quickly(make((64, 256), dtype))
    assert sum(opened) == 0
