"""Tests of what a kernel says of itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.case import Dialect
from conformance.errors import AdapterError, InputError
from conformance.harness.kernels.declared import Declared, declared
from conformance.harness.kernels.source import Source


def said(attribute: Any, **outside: Any) -> Declared:
    """What counts for a kernel with this attribute."""
    kernel = SimpleNamespace(conformance=attribute)
    return declared(kernel, Source(selector="k.py:f", **outside), Dialect(running_var="biased"))


def test_nothing_said_is_the_usual() -> None:
    """A kernel without the attribute has the conventions of its kind."""
    found = declared(object(), Source(selector="k.py:f"), Dialect(running_var="biased"))
    assert found.dialect == Dialect(running_var="biased")
    assert not found.capabilities.per_activation


def test_outside_wins_over_the_attribute() -> None:
    """An option given with the command replaces what the kernel says, entry by entry."""
    found = said({"momentum": "old", "layout": "channels_last"}, dialect={"momentum": "new"})
    assert found.dialect == Dialect(running_var="biased", layout="channels_last")


def test_types_and_ranks_become_capabilities() -> None:
    """What a kernel does not take is known before it is called."""
    found = said({"dtypes": ["float32"], "ranks": [2, 4], "per_activation": True})
    assert found.capabilities.dtypes == {"float32"}
    assert found.capabilities.mixed == frozenset()
    assert found.capabilities.ranks == {2, 4}
    assert found.capabilities.per_activation


def test_built_in_numbers_are_known() -> None:
    """A kernel that takes no eps says which it has."""
    assert said({"fixed_eps": 1e-5}).fixed == {"eps": 1e-5}


def test_a_built_in_momentum_is_read_in_the_direction_that_is_declared() -> None:
    """Where momentum weights the old value, 0.75 gives the new batch a quarter."""
    assert said({"fixed_momentum": 0.75}).fixed == {"momentum": 0.75}
    assert said({"fixed_momentum": 0.75, "momentum": "old"}).fixed == {"momentum": 0.25}
    outside = said({"fixed_momentum": 0.75}, dialect={"momentum": "old"})
    assert outside.fixed == {"momentum": 0.25}
    with pytest.raises(AdapterError, match=r"fixed_momentum from 0\.001 to 1"):
        said({"fixed_momentum": 1.0, "momentum": "old"})


@pytest.mark.parametrize(
    ("attribute", "error", "words"),
    [
        ({"speed": 1}, AdapterError, "has 'speed'"),
        ("old", AdapterError, "a dict was wanted"),
        ({"momentum": "older"}, InputError, "momentum=new|old"),
    ],
)
def test_what_does_not_exist_is_refused(
    attribute: object, error: type[Exception], words: str
) -> None:
    """The message lists what may be said."""
    with pytest.raises(error) as refused:
        said(attribute)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ({"fixed_eps": 1e300}, "fixed_eps from 0 to 1"),
        ({"fixed_eps": 1.0000001}, "fixed_eps from 0 to 1"),
        ({"fixed_eps": -1e-9}, "fixed_eps from 0 to 1"),
        ({"fixed_eps": float("nan")}, "fixed_eps = nan"),
        ({"fixed_eps": float("inf")}, "fixed_eps = inf"),
        ({"fixed_eps": True}, "fixed_eps = True"),
        ({"fixed_eps": "1e-5"}, "fixed_eps = '1e-5'"),
        ({"fixed_eps": None}, "fixed_eps = None"),
        ({"fixed_momentum": 0}, "fixed_momentum from 0.001 to 1"),
        ({"fixed_momentum": 2.0}, "fixed_momentum from 0.001 to 1"),
        ({"dtypes": "float32"}, "a list of some of float64, float32, float16, bfloat16"),
        ({"dtypes": []}, "a list of some of float64"),
        ({"dtypes": ["float32", "float8"]}, "dtypes = 'float8'"),
        ({"ranks": 4}, "a list of some of 2, 3, 4, 5"),
        ({"ranks": [4, 6]}, "ranks = 6"),
        ({"ranks": [2, True]}, "ranks = True"),
        ({"per_activation": "yes"}, "one of False, True"),
        ({"arrays": "lists"}, "one of None, numpy"),
    ],
)
def test_what_leaves_nothing_to_be_tested_is_refused(attribute: object, words: str) -> None:
    """A built-in number has a sane range, a list has known entries; the message says which."""
    with pytest.raises(AdapterError) as refused:
        said(attribute)
    assert words in str(refused.value)


def test_the_ends_of_the_ranges_are_understood() -> None:
    """What the catalogue itself asks may be built in."""
    for attribute in ({"fixed_eps": 0}, {"fixed_eps": 1}, {"fixed_momentum": 1.0}):
        assert list(said(attribute).fixed.values()) == [float(v) for v in attribute.values()]
