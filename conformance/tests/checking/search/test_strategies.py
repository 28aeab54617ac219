"""What is drawn: calls that the oracle can solve, of every kind, and only those asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Inputs
from conformance.checking.search import inputs
from conformance.checking.search.frame import MOST, MOST_LARGE
from conformance.checking.search.search import identity
from conformance.checking.search.wanted import MEMORIES, TYPES
from conformance.errors import InputError
from conformance.memory import laid_out
from conformance.oracle.channels import by_channel
from conformance.oracle.solve import owed
from conformance.tests.checking.search.probing import drawn

PLAIN_EPS = {0.0, 1e-5, 1e-3, 1e-8}


@pytest.fixture(scope="module")
def calls() -> list[Inputs]:
    """Many calls of every kind."""
    return drawn(2000)


def arrays(call: Inputs) -> Iterator[Array]:
    """All arrays of a call."""
    given = (call.x, call.dy, call.gamma, call.beta, call.running_mean, call.running_var)
    yield from (a for a in (*given, *call.earlier) if a is not None)


def has_constant_channel(call: Inputs) -> bool:
    """Whether a channel of two values or more holds one over and over."""
    rows = by_channel(call.x.astype(np.float64), call)
    return call.count > 1 and bool((np.ptp(rows, axis=1) == 0).any() and rows.any())


def is_subnormal(array: Array) -> bool:
    """Whether some value is subnormal in its type."""
    info = ml_dtypes.finfo(array.dtype)  # type: ignore[no-untyped-call]
    size = np.abs(array.astype(np.float64))
    return bool(((size > 0) & (size < float(info.smallest_normal))).any())


def far(call: Inputs) -> bool:
    """Whether some channel's mean is more than 1000 standard deviations."""
    rows = by_channel(call.x.astype(np.float64), call)
    return call.count > 1 and bool((np.abs(rows.mean(1)) > 1000 * rows.std(1)).any())


def _has(name: str, value: object, call: Inputs) -> bool:
    return bool(getattr(call, name) == value)


KINDS: dict[str, Callable[[Inputs], bool]] = {
    "empty": lambda c: c.x.size == 0,
    "one value": lambda c: c.x.size > 0 and c.count == 1,
    "per activation": lambda c: isinstance(c.axis, tuple) and c.x.ndim > 2,
    "no dy": lambda c: c.dy is None,
    "dy in test mode": lambda c: c.dy is not None and not c.training,
    "no gamma but beta": lambda c: c.gamma is None and c.beta is not None,
    "gamma but no beta": lambda c: c.beta is None and c.gamma is not None,
    "no running statistics": lambda c: c.running_mean is None,
    "all parameters and dy": lambda c: len(list(arrays(c))) >= 6,
    "one batch before": lambda c: len(c.earlier) == 1,
    "two batches before": lambda c: len(c.earlier) == 2,
    "constant channel": has_constant_channel,
    "subnormal": lambda c: is_subnormal(c.x),
    "far from zero": far,
    "outlier": lambda c: bool((np.abs(c.x.astype(np.float64)) > 1e5).any()),
    "dy beyond 1e12": lambda c: c.dy is not None and float(np.abs(c.dy).max(initial=0)) > 1e12,
    "integers": lambda c: c.x.size > 8 and bool((c.x == np.round(c.x.astype(np.float64))).all()),
    "full precision": lambda c: bool((c.x.astype(np.float64) * 2.0**12 % 1 != 0).any()),
    "variance of 0 in test mode": lambda c: (
        not c.training and c.running_var is not None and bool((c.running_var == 0).any())
    ),
    **{f"momentum {m}": partial(_has, "momentum", m) for m in (0.0, 1.0, 0.1, 0.5, 1.5, -0.25)},
    **{f"eps {e}": partial(_has, "eps", e) for e in (0.0, 1e-8, 1e-5, 1e-3, 1.0)},
    **{f"axis {a}": partial(_has, "axis", a) for a in range(-5, 5)},
    **{f"memory {m}": partial(_has, "memory", m) for m in MEMORIES},
    **{f"training {t}": partial(_has, "training", t) for t in (True, False)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(calls: list[Inputs], kind: str) -> None:
    """Each kind of call must be among 2000."""
    assert any(KINDS[kind](call) for call in calls)


@pytest.mark.parametrize("rank", [2, 3, 4, 5])
def test_every_rank_is_drawn(calls: list[Inputs], rank: int) -> None:
    """Each rank must be among 2000."""
    assert any(call.x.ndim == rank for call in calls)


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_is_drawn(calls: list[Inputs], type_name: str) -> None:
    """Each pair of types must be among 2000."""
    assert any(call.types == type_name for call in calls)


def test_every_call_can_be_solved(calls: list[Inputs]) -> None:
    """The oracle must take each call, and memory must hold it as it says."""
    for call in calls[:400]:
        owed(call)
        laid_out(call)


def test_every_call_keeps_the_limits(calls: list[Inputs]) -> None:
    """Shapes, values, eps and momentum must stay within what is documented."""
    for call in calls:
        assert call.x.size <= MOST
        assert all(size <= 7 for size in call.x.shape)
        assert all(bool(np.isfinite(a.astype(np.float64)).all()) for a in arrays(call))
        assert call.eps == 0 or float(np.float32(1e-8)) <= call.eps <= 2
        assert call.eps in PLAIN_EPS or float(np.float32(call.eps)) == call.eps
        assert -0.25 <= call.momentum <= 1.5
        assert call.running_var is None or bool((call.running_var >= 0).all())
        assert call.training or not call.earlier


@pytest.fixture(scope="module")
def large() -> list[Inputs]:
    """Many calls of large sizes."""
    return drawn(600, large=True)


LARGE: dict[str, Callable[[Inputs], bool]] = {
    "many values": lambda c: c.count > 65_536,
    "more than 100,000 values": lambda c: c.count > 100_000,
    "beyond a block of 4096": lambda c: 4096 < c.count < 6000,
    "many channels": lambda c: c.x.size // max(c.count, 1) > 1025,
    "channels beyond a block of 128": lambda c: 128 < c.x.size // max(c.count, 1) < 140,
    "many images": lambda c: c.x.ndim == 4 and c.x.shape[0] > 768,
    "wide images": lambda c: c.x.ndim == 4 and c.x.shape[3] > 1024,
    "an image beyond 147 x 147": lambda c: c.x.ndim == 4 and c.x[0, 0].size > 147 * 147,
    "in test mode": lambda c: not c.training and c.x.size > 1024,
    **{f"in {t}": partial(lambda t, c: c.types == t and c.x.size > 1024, t) for t in TYPES},
}


@pytest.mark.parametrize("kind", LARGE)
def test_every_kind_of_size_is_drawn(large: list[Inputs], kind: str) -> None:
    """Sizes at which kernels change their path are among 600, and none beyond the limit."""
    assert any(LARGE[kind](call) for call in large)
    assert all(call.x.size <= MOST_LARGE for call in large)


def has_tiny_dy(call: Inputs) -> bool:
    """Whether products with some dy underflow in float32."""
    if call.dy is None:
        return False
    size = np.abs(call.dy.astype(np.float64))
    return bool(((size > 0) & (size < 2.0**-110)).any())


@pytest.mark.parametrize(
    "kind",
    [
        lambda c: bool(c.earlier) and c.parameter_dtype.itemsize == 2,
        has_tiny_dy,
        lambda c: c.count > 16 and has_constant_channel(c),
        lambda c: c.x.dtype == np.float64 and is_subnormal(c.x),
        lambda c: c.memory == "broadcast" and c.dy is not None and c.count > 16,
    ],
)
def test_nothing_that_was_once_left_out_is(
    calls: list[Inputs], kind: Callable[[Inputs], bool]
) -> None:
    """Half running statistics over batches, tiny dy, equal terms, float64 subnormals are drawn."""
    assert sum(map(kind, calls)) > 5


def test_calls_differ(calls: list[Inputs]) -> None:
    """More than half of what is drawn must be calls of their own."""
    assert len({identity(call) for call in calls}) > 1000


OPTIONS: dict[str, tuple[dict[str, Any], Callable[[Inputs], bool]]] = {
    "dtypes": ({"dtypes": ["float16+float32"]}, lambda c: c.x.dtype == np.float16),
    "ranks": ({"ranks": {3}}, lambda c: c.x.ndim == 3),
    "training": ({"training": [False]}, lambda c: not c.training),
    "memories": ({"memories": ["contiguous"]}, lambda c: c.memory == "contiguous"),
    "absent": (
        {"absent": False},
        lambda c: all(a is not None for a in (c.gamma, c.beta, c.running_mean)),
    ),
    "gradients": ({"gradients": False}, lambda c: c.dy is None and c.memory != "broadcast"),
    "per_activation": ({"per_activation": False}, lambda c: isinstance(c.axis, int)),
    "earlier": ({"earlier": 0}, lambda c: not c.earlier),
    "empty": ({"empty": False}, lambda c: c.x.size > 0),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_holds(calls: list[Inputs], option: str) -> None:
    """What an option excludes must not be drawn, and must be drawn without it."""
    given, holds = OPTIONS[option]
    found = drawn(300, **given)
    assert all(holds(call) for call in found)
    assert len(found) > 120
    assert not all(holds(call) for call in calls)


def test_types_of_all_arrays_are_those_asked_for() -> None:
    """x, dy and history must have the first type of a pair, and the parameters the second."""
    for call in drawn(100, dtypes=["bfloat16+float32"]):
        like_x = (call.x, call.dy, *call.earlier)
        others = (call.gamma, call.beta, call.running_mean, call.running_var)
        assert {str(a.dtype) for a in like_x if a is not None} == {"bfloat16"}
        assert {str(a.dtype) for a in others if a is not None} <= {"float32"}


@pytest.mark.parametrize(
    "given",
    [
        {"dtypes": []},
        {"dtypes": ["float8"]},
        {"ranks": [1]},
        {"training": []},
        {"memories": ["sideways"]},
        {"memories": ["broadcast"], "gradients": False},
        {"earlier": 3},
        {"earlier": -1},
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any]) -> None:
    """An option that is empty or unknown must be refused by name when the strategy is made."""
    with pytest.raises(InputError, match=next(iter(given))):
        inputs(**given)
