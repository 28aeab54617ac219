"""Tests of the names that a kernel may use, and of the answer to other names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import Inputs
from conformance.errors import AdapterError
from conformance.harness.kernels import contract


def test_a_kernel_is_given_what_it_names() -> None:
    """PyTorch's names count as ours, and defaults of its own are left alone."""

    def kernel(input: Any, weight: Any, bias: Any = None, *, eps: float, fast: bool = True) -> Any:  # noqa: A002 - PyTorch's name
        return input, weight, bias, eps, fast

    takes = contract.parameters(kernel)
    assert list(takes.names) == ["x", "gamma", "beta", "eps"]
    assert takes.required == {"x", "gamma", "eps"}
    _, words = takes.bound({"x": 1, "gamma": 2, "beta": 3, "eps": 4, "axis": 5})
    assert words == {"input": 1, "weight": 2, "bias": 3, "eps": 4}


def test_a_kernel_that_takes_all_is_given_all_but_a_mask() -> None:
    """Two stars take every argument of the contract that may be ignored and nothing be wrong."""
    takes = contract.parameters(lambda x, **rest: (x, rest))
    assert set(takes.names) == {*contract.ARGUMENTS} - {"mask"}
    named = contract.parameters(lambda x, mask, **rest: (x, mask, rest))
    assert set(named.names) == {*contract.ARGUMENTS}


def test_a_kernel_without_a_mask_refuses_one() -> None:
    """It is told in a sentence, and the kernel is not called."""
    call = Inputs(x=np.ones((2, 3)), mask=np.ones((2, 1), np.bool_))
    assert contract.refusal(contract.parameters(lambda x: x), call) == "the kernel takes no mask"
    assert contract.refusal(contract.parameters(lambda x, mask: (x, mask)), call) is None


def test_positional_parameters_are_given_by_position() -> None:
    """What cannot be given by name is given in its place."""

    def kernel(x: Any, eps: float, /, gamma: Any) -> Any:
        return x, eps, gamma

    places, words = contract.parameters(kernel).bound({"gamma": 3, "x": 1, "eps": 2})
    assert (places, words) == ([1, 2], {"gamma": 3})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("decay", "momentum"),
        ("w", "gamma"),
        ("var", "running_var"),
        ("momentun", "momentum"),
    ],
)
def test_a_parameter_that_is_nearly_right_is_answered(name: str, meant: str) -> None:
    """The message shows the signature, the stranger, the name that was meant and the contract."""
    made: dict[str, Any] = {}
    exec(f"def kernel(x, {name}): return x", made)  # noqa: S102 - a signature from a parameter
    with pytest.raises(AdapterError) as refused:
        contract.parameters(made["kernel"])
    said = str(refused.value)
    assert f"kernel(x, {name}) asks for {name!r}" in said
    assert f"Did you mean {meant!r}?" in said
    assert contract.EXAMPLE in said


def test_other_names_that_mean_one_thing_are_taken() -> None:
    """Names of PyTorch, TensorFlow and papers, in either case, are given what they mean."""

    def kernel(X: Any, Weight: Any, offset: Any, moving_variance: Any, *, epsilon: Any) -> Any:
        return X, Weight, offset, moving_variance, epsilon

    takes = contract.parameters(kernel)
    assert takes.names == {
        "x": "X",
        "gamma": "Weight",
        "beta": "offset",
        "running_var": "moving_variance",
        "eps": "epsilon",
    }


def test_two_parameters_are_not_given_the_same() -> None:
    """A second name for what has one already is a stranger."""
    with pytest.raises(AdapterError, match="asks for 'input'"):
        contract.parameters(lambda x, input: x + input)  # noqa: A006 - what a kernel may call it


def test_a_kernel_without_x_is_refused() -> None:
    """What takes no batch is no kernel."""
    with pytest.raises(AdapterError, match="takes no x"):
        contract.parameters(lambda eps: eps)


def test_what_comes_back_is_named() -> None:
    """An array alone is y; a dict keeps its names, without what is None."""
    y = np.zeros(3)
    assert contract.named(y) == {"y": y}
    assert list(contract.named({"y": y, "dx": None})) == ["y"]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "returned None"),
        ((1, 2, 3), "returned a tuple of 3"),
        ({"dweight": 1}, "Did you mean 'dgamma'?"),
        ({"running_variance": 1}, "Did you mean 'running_var'?"),
    ],
)
def test_what_has_no_name_is_refused(result: object, words: str) -> None:
    """A result whose parts are not known by name is never guessed at."""
    with pytest.raises(AdapterError) as refused:
        contract.named(result)
    assert words in str(refused.value)
