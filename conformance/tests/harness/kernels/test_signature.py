"""Signatures: what each place is given, which part is which output, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.errors import AdapterError, InputError
from conformance.harness.kernels.signature import parse, signed


def test_a_kernel_is_called_by_position_and_its_parts_are_named() -> None:
    """Constants stand where they are, and what is no output is left out."""
    seen: list[tuple[Any, ...]] = []

    def kernel(*places: Any) -> Any:
        seen.append(places)
        return 1, 2, 3

    said = parse("x,gamma , None, eps, 0.5, True, 3 -> y, _, inv_std")
    assert said.text == "x, gamma, None, eps, 0.5, True, 3 -> y, _, inv_std"
    called, takes = signed(kernel, said)
    assert list(takes.names) == ["x", "gamma", "eps"]
    assert called(x="x", gamma="g", eps=1e-5) == {"y": 1, "inv_std": 3}
    assert seen == [("x", "g", None, 1e-5, 0.5, True, 3)]


def test_without_an_arrow_the_kernel_names_what_it_returns() -> None:
    """Its own dict, or y alone, is taken as it is."""
    called, _ = signed(lambda a, b: {"y": a - b}, parse("x, beta"))
    assert called(x=np.ones(2), beta=1)["y"].tolist() == [0, 0]


def test_another_number_of_parts_is_told() -> None:
    """The message says how many came and how many were named."""
    called, _ = signed(lambda a: (a, a), parse("x -> y"))
    with pytest.raises(AdapterError, match="returned 2 arrays, and its signature names 1"):
        called(x=1)


@pytest.mark.parametrize(
    "text",
    [
        *("", "gamma -> y", "x, x", "x, weight", "x -> z", "x ->", "x -> _", "x -> y, y", "x, os"),
        *(4, "x, __import__('os')", "x" * 500),
    ],
)
def test_what_is_no_signature_is_refused_with_what_is(text: object) -> None:
    """The message lists arguments and outputs."""
    with pytest.raises(InputError, match="Arguments are x, gamma, beta"):
        parse(text)
