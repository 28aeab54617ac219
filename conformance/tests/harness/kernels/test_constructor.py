"""Tests of what a layer's constructor is given, and of the halves of a gradient."""

# ruff: noqa: D101, D107 - the class names say what each one does
from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.errors import Unsupported
from conformance.harness.kernels import constructor
from conformance.harness.kernels.instance import another, halves


class Layer:
    def __init__(self, **of_the_framework: Any) -> None:
        self.of_the_framework = of_the_framework


class Own(Layer):
    def __init__(self, channels: int, *, axis: int = -1, **more: Any) -> None:
        super().__init__(**more)
        self.channels, self.axis = channels, axis


class PassesAllOn(Own):
    def __init__(self, *places: Any, eps: float, **more: Any) -> None:
        super().__init__(*places, **more)
        self.eps = eps


class Inherits(PassesAllOn):
    pass


class AsksForMore(Own):
    def __init__(self, channels: int, groups: int) -> None:
        super().__init__(channels)
        self.groups = groups


@pytest.mark.parametrize(
    ("layer", "accepted", "asked"),
    [
        (Own, {"channels", "axis", "dtype"}, ["channels"]),
        (PassesAllOn, {"channels", "axis", "dtype", "eps"}, ["channels"]),
        (Inherits, {"channels", "axis", "dtype", "eps"}, ["channels"]),
        (AsksForMore, {"channels", "groups"}, ["channels", "groups"]),
    ],
)
def test_what_is_passed_on_to_a_base_counts(
    layer: type, accepted: set[str], asked: list[str]
) -> None:
    """A constructor takes what it names and what it passes on, and asks for what has no default."""
    assert constructor.accepted(layer) == accepted
    assert constructor.asked(layer, {"eps", "axis"}) == asked


def test_what_is_not_there_must_be_said() -> None:
    """An option that the constructor lacks is left out, unless it says that an array is missing."""
    absent = {"scale": "gamma"}
    wanted = {"axis": 1, "scale": True}
    assert constructor.taken({"axis"}, absent, wanted) == {"axis": 1}
    with pytest.raises(Unsupported, match="takes no scale=False, and there is no gamma"):
        constructor.taken({"axis"}, absent, wanted | {"scale": False})


@pytest.mark.parametrize("kind", [np.float32, ml_dtypes.bfloat16])
def test_the_halves_of_a_gradient_add_up_to_it(kind: Any) -> None:
    """Each element is in one half, and the other has a zero there; types stay as they are."""
    dy = np.linspace(-1, 1, 30).reshape(2, 3, 5).astype(kind)
    first, second = halves(dy)
    assert first.dtype == second.dtype == another(dy).dtype == dy.dtype
    assert np.array_equal(first + second, dy)
    assert not np.any((first != 0) & (second != 0))
    assert 0 < np.count_nonzero(first) < np.count_nonzero(dy)
