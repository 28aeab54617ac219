"""Tests of one call of a function: which arguments it is given, and in which axis order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import Dialect, Inputs
from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels.bridges import bridge
from conformance.harness.kernels.call import Function
from conformance.harness.kernels.contract import parameters
from conformance.memory import following, laid_out


def function(kernel: Any, **changes: Any) -> Function:
    """A function over numpy arrays."""
    takes = parameters(kernel)
    usual: dict[str, Any] = {"dialect": Dialect(), "differentiates": False}
    return Function(function=kernel, takes=takes, bridge=bridge("numpy"), **(usual | changes))


def call(**changes: Any) -> Inputs:
    """A call on a batch of shape (2, 3, 4)."""
    x = np.arange(24.0).reshape(2, 3, 4)
    usual: dict[str, Any] = {"x": x, "dy": x + 1, "gamma": np.ones(3), "beta": np.ones(3)}
    return Inputs(**(usual | changes))


def test_momentum_is_given_in_the_kernels_own_sense() -> None:
    """A kernel whose momentum weights the old value is given one minus ours."""

    def kernel(x: Any, gamma: Any, beta: Any, *, momentum: float) -> Any:
        del gamma, beta
        return np.full_like(x, momentum)

    own = function(kernel, dialect=Dialect(momentum="old"))
    assert own(call(momentum=0.25))["y"].flat[0] == 0.75
    assert function(kernel)(call(momentum=0.25))["y"].flat[0] == 0.25


@pytest.mark.parametrize(("layout", "shape"), [("any", (2, 3, 4)), ("channels_last", (2, 4, 3))])
def test_a_kernel_without_axis_sees_its_own_axis_order(layout: Any, shape: Any) -> None:
    """X comes channels second, or last where that was declared, and y goes back as x came."""
    seen = []

    def kernel(x: Any, gamma: Any, beta: Any) -> Any:
        del gamma, beta
        seen.append(x.shape)
        return x.copy()

    inputs = call()
    y = function(kernel, dialect=Dialect(layout=layout))(inputs)["y"]
    assert seen == [shape]
    assert np.array_equal(y, inputs.x)


def test_a_parameter_without_default_is_never_none() -> None:
    """A missing gamma, beta or dy becomes ones, zeros and zeros; one with a default stays None."""
    seen = []

    def kernel(x: Any, gamma: Any, beta: Any = None, dy: Any = 3) -> Any:
        seen.append((gamma, beta, dy))
        return x.copy()

    function(kernel)(call(gamma=None, beta=None, dy=None))
    gamma, beta, dy = seen[0]
    assert np.array_equal(gamma, np.ones(3))
    assert beta is None
    assert dy is None


def test_an_argument_can_be_left_out() -> None:
    """The experiments see a kernel's own defaults."""

    def kernel(x: Any, gamma: Any, beta: Any, eps: float = 0.5) -> Any:
        del gamma, beta
        return np.full_like(x, eps)

    assert function(kernel)(call(), leave_out=("eps",))["y"].flat[0] == 0.5


def test_what_a_kernel_refuses_is_unsupported() -> None:
    """NotImplementedError is a kernel's word for a call that it does not take."""

    def kernel(x: Any, gamma: Any, beta: Any) -> Any:
        raise NotImplementedError("only on Fridays")

    with pytest.raises(Unsupported, match="only on Fridays"):
        function(kernel)(call())


UNUSUAL: dict[str, dict[str, Any]] = {
    "no eps of 0: odd": {"eps": 0.0},
    "no eps of 2: odd": {"eps": 2.0},
    "no momentum of 1.5: odd": {"momentum": 1.5},
    "no momentum of -0.25: odd": {"momentum": -0.25},
    "no float64.float32: odd": {"gamma": np.ones(3, np.float32), "beta": np.ones(3, np.float32)},
}


@pytest.mark.parametrize("words", UNUSUAL)
def test_an_error_of_its_own_refuses_what_is_unusual(words: str) -> None:
    """Many refuse eps 0, a momentum beyond 1 or narrower parameters; nothing wrong comes of it."""

    def kernel(x: Any, gamma: Any, beta: Any, *, eps: float, momentum: float) -> Any:
        del x, gamma, beta, eps, momentum
        raise ValueError("odd")

    with pytest.raises(Unsupported, match=words):
        function(kernel)(call(**UNUSUAL[words]))


@pytest.mark.parametrize("changes", [{}, {"eps": 1.0}, {"momentum": 0.0}, {"momentum": 1.0}])
def test_an_error_on_an_ordinary_call_is_an_error(changes: dict[str, Any]) -> None:
    """What every kernel takes cannot be refused by raising."""

    def kernel(x: Any, gamma: Any, beta: Any, *, eps: float, momentum: float) -> Any:
        del x, gamma, beta, eps, momentum
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        function(kernel)(call(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": False, "running_mean": np.ones(3), "running_var": np.ones(3)}, "training"),
        ({"axis": (1, 2), "gamma": None, "beta": None}, "per-activation"),
    ],
)
def test_what_a_kernel_has_no_parameter_for_is_unsupported(changes: Any, words: str) -> None:
    """Test mode needs its parameters, and a tuple of axes a parameter axis."""

    def kernel(x: Any, gamma: Any, beta: Any) -> Any:
        del gamma, beta
        return x.copy()

    with pytest.raises(Unsupported, match=words):
        function(kernel)(call(**changes))


def test_arrays_that_are_one_stay_one() -> None:
    """Where gamma and the running variance are one array, the kernel is given one array."""
    shared = []

    def kernel(x: Any, gamma: Any, beta: Any, *, running_mean: Any, running_var: Any) -> Any:
        shared.append((np.shares_memory(gamma, running_var), np.shares_memory(beta, running_mean)))
        return x.copy()

    ones = np.ones(3)
    merged = call(running_mean=ones, running_var=ones, memory="merged")
    function(kernel)(laid_out(merged))
    assert shared == [(True, True)]


def test_batches_that_overlap_do_so_for_the_kernel() -> None:
    """A kernel that writes dx into dy would change x: it is given them in one buffer."""
    seen = []

    def kernel(x: Any, gamma: Any, beta: Any, dy: Any) -> Any:
        del gamma, beta
        seen.append(dy.ctypes.data - x.ctypes.data)
        return x.copy()

    x = call().x
    function(kernel)(laid_out(call(dy=following(x), memory="overlapping")))
    assert seen == [x.itemsize]


def test_running_statistics_need_a_momentum() -> None:
    """What cannot be told how far to move is not held to it."""

    def kernel(x: Any, gamma: Any, beta: Any) -> Any:
        del gamma
        return {"y": x.copy(), "running_mean": beta.copy()}

    assert list(function(kernel, keeps_running=False)(call())) == ["y"]


def test_a_view_of_an_input_is_no_answer() -> None:
    """What comes back must not change when the input does."""

    def kernel(x: Any, gamma: Any, beta: Any) -> Any:
        del gamma, beta
        return x[...]

    with pytest.raises(AdapterError, match="y is a view of x"):
        function(kernel)(call())


def test_a_mask_is_given_in_the_axis_order_of_x() -> None:
    """A kernel that wants channels last has them last in the mask too; without one it gets None."""
    seen: list[Any] = []

    def kernel(x: Any, gamma: Any, beta: Any, mask: Any) -> Any:
        del gamma, beta
        seen.append(mask)
        return x + 1

    own = function(kernel, dialect=Dialect(layout="channels_last"))
    own(call(mask=np.array([[[True, True, False, True]], [[True] * 4]])))
    own(call())
    assert seen[0].shape == (2, 4, 1)
    assert seen[0].dtype == np.bool_
    assert seen[0][0, :, 0].tolist() == [True, True, False, True]
    assert seen[1] is None
