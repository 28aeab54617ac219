"""Laying arrays out: where every byte lies, that no value changes, and what cannot lie so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Inputs, Memory
from conformance.errors import InputError
from conformance.memory import FILLER, KINDS, laid_out
from conformance.tests.oracle.by_hand import make

CALLS: dict[str, tuple[tuple[int, ...], Any]] = {
    "NC": ((6, 4), 1),
    "NCHW": ((3, 4, 2, 5), 1),
    "NHWC": ((3, 2, 5, 4), 3),
    "per activation": ((3, 4, 2), (1, 2)),
    "empty": ((0, 4), 1),
    "one value": ((1, 1), 1),
}
TYPES = {"float64": np.float64, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def ask(memory: Memory, call: str = "NCHW", kind: str = "float64", **more: Any) -> Inputs:
    """A read-only call of that layout and type, with values that can lie so."""
    shape, axis = CALLS[call]
    inputs = make(shape, TYPES[kind], axis=axis)
    spatial = tuple(a for a in range(len(shape)) if a not in inputs.channel_axes)
    level = np.expand_dims(np.asarray(inputs.gamma), spatial)
    suited: dict[str, dict[str, Any]] = {
        "broadcast": {"dy": np.broadcast_to(level, shape).copy()},
        "merged": {"gamma": inputs.running_var, "beta": inputs.running_mean},
    }
    inputs = replace(inputs, earlier=(inputs.x * 2, inputs.x * 3), memory=memory)
    inputs = replace(inputs, **{**suited.get(memory, {}), **more})
    for array in arrays(inputs).values():
        array.flags.writeable = False
    return inputs


def arrays(inputs: Inputs) -> dict[str, Array]:
    """All arrays of a call, by name."""
    names = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    given = {name: getattr(inputs, name) for name in names}
    given |= {f"history_{i}": batch for i, batch in enumerate(inputs.earlier)}
    return {name: array for name, array in given.items() if array is not None}


def strides(array: Array) -> tuple[int, ...]:
    """Strides in elements."""
    return tuple(step // array.itemsize for step in array.strides)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("memory", KINDS)
def test_no_bit_of_a_value_changes(memory: Memory, call: str, kind: str) -> None:
    """Values, shapes and types are the given ones, and nothing else of the call changes."""
    given = ask(memory, call, kind)
    found = laid_out(given)
    assert arrays(found).keys() == arrays(given).keys()
    for name, array in arrays(found).items():
        wanted = arrays(given)[name]
        assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape), name
        assert array.tobytes() == wanted.tobytes(), name
    rest = ("eps", "momentum", "training", "axis", "memory")
    assert [getattr(found, name) for name in rest] == [getattr(given, name) for name in rest]


@pytest.mark.parametrize("memory", KINDS)
def test_not_a_number_and_negative_zero_keep_their_bits(memory: Memory) -> None:
    """A NaN keeps its payload and a zero its sign."""
    x = np.array([[0x7FA1, 0x8000], [0xFF80, 1]], np.uint16).view(ml_dtypes.bfloat16)
    found = laid_out(replace(ask(memory, "NC", "bfloat16"), x=x, dy=x[[0, 0]], earlier=(x,)))
    assert found.x.tobytes() == x.tobytes()
    assert np.asarray(found.dy).tobytes() == x[[0, 0]].tobytes()


@pytest.mark.parametrize("memory", KINDS)
def test_memory_is_of_its_own_and_can_be_written_to(memory: Memory) -> None:
    """A kernel that writes to its inputs can do so, and changes nothing that was given."""
    given = ask(memory)
    before = {name: array.tobytes() for name, array in arrays(given).items()}
    for array in arrays(laid_out(given)).values():
        array[...] = 0
    assert {name: array.tobytes() for name, array in arrays(given).items()} == before


def test_contiguous_arrays_are_made_contiguous() -> None:
    """What is said to be contiguous is so, however it was given."""
    given = ask("contiguous")
    found = laid_out(replace(given, x=given.x[::-1, :, ::-1]))
    assert all(array.flags.c_contiguous for array in arrays(found).values())


def test_strided_arrays_have_gaps() -> None:
    """First and last axis take every second element, from the second one on, of a buffer."""
    found = arrays(laid_out(ask("strided")))
    for name in ("x", "dy", "history_0", "history_1"):
        assert strides(found[name]) == (160, 20, 10, 2), name
        buffer = np.asarray(found[name].base)
        assert buffer.shape == (6, 4, 2, 10)
        assert (buffer[::2] == FILLER).all()
        assert (buffer[:, :, :, ::2] == FILLER).all()
        assert buffer[1, 0, 0, 1] == found[name][0, 0, 0, 0]
    for name in ("gamma", "beta", "running_mean", "running_var"):
        assert strides(found[name]) == (2,), name
        assert (np.asarray(found[name].base)[::2] == FILLER).all()


@pytest.mark.parametrize("kind", TYPES)
def test_filler_is_exact_in_every_type(kind: str) -> None:
    """What lies in the gaps is the same finite number in every type."""
    assert float(np.full((), FILLER, TYPES[kind])) == FILLER


def test_reversed_arrays_run_backwards() -> None:
    """Every axis has a negative stride, and no other element lies between."""
    found = arrays(laid_out(ask("reversed")))
    for name in ("x", "dy", "history_0", "history_1"):
        assert strides(found[name]) == (-40, -10, -5, -1), name
    for name in ("gamma", "beta", "running_mean", "running_var"):
        assert strides(found[name]) == (-1,), name


def test_transposed_arrays_are_in_fortran_order() -> None:
    """The first axis moves fastest, in parameters of several axes too."""
    found = arrays(laid_out(ask("transposed", "per activation")))
    for name in ("x", "dy", "history_0", "history_1"):
        assert strides(found[name]) == (1, 3, 12), name
        assert not found[name].flags.owndata  # a view of a buffer in C order
    for name in ("gamma", "beta", "running_mean", "running_var"):
        assert strides(found[name]) == (1, 4), name


@pytest.mark.parametrize(
    ("call", "steps"),
    [("NC", (0, 1)), ("NCHW", (0, 1, 0, 0)), ("NHWC", (0, 0, 0, 1)), ("per activation", (0, 2, 1))],
)
def test_broadcast_slope_has_one_element_per_channel(call: str, steps: tuple[int, ...]) -> None:
    """The stride of dy is 0 along every axis but the channel axes; nothing else is unusual."""
    found = arrays(laid_out(ask("broadcast", call)))
    assert strides(found.pop("dy")) == steps
    assert all(array.flags.c_contiguous for array in found.values())


def test_merged_parameters_are_one_array() -> None:
    """Gamma is the running variance and beta the running mean: writing to one writes to both."""
    found = laid_out(ask("merged"))
    assert found.gamma is found.running_var
    assert found.beta is found.running_mean
    assert found.gamma is not None
    assert found.beta is not None
    assert not np.shares_memory(found.gamma, found.beta)
    assert all(array.flags.c_contiguous for array in arrays(found).values())


def test_arrays_share_no_memory_unless_merged() -> None:
    """No other memory is shared between two arrays of a call."""
    for memory in KINDS:
        found = list(arrays(laid_out(ask(memory))).values())
        shared = sum(np.shares_memory(a, b) for i, a in enumerate(found) for b in found[:i])
        assert shared == (2 if memory == "merged" else 0), memory


@pytest.mark.parametrize("memory", ["contiguous", "strided", "reversed", "transposed", "broadcast"])
def test_absent_arrays_stay_absent(memory: Memory) -> None:
    """What is not given is not made up."""
    bare: dict[str, Any] = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"))
    assert arrays(laid_out(ask(memory, **bare, earlier=()))).keys() == {"x", "dy"}


@pytest.mark.parametrize(
    ("memory", "changes", "message"),
    [
        ("striped", {}, r"'striped', expected one of contiguous, strided, .*, merged\."),
        ("broadcast", {"dy": None}, "there is no dy"),
        ("broadcast", {"dy": make((3, 4, 2, 5), np.float64).dy}, "dy varies within a channel"),
        ("merged", {"gamma": None}, r"no gamma\. Give it, equal to running_var"),
        ("merged", {"running_mean": None}, r"no running_mean\. Give it, equal to beta"),
        ("merged", {"beta": np.ones(4)}, r"beta = \[1.0, 1.0, 1.0, 1.0\] is not running_mean = "),
        ("merged", {"gamma": np.ones(4, np.float32)}, "gamma = .* is not running_var"),
    ],
)
def test_what_cannot_lie_so_is_refused(memory: Any, changes: Any, message: str) -> None:
    """The refusal says what was found, what was wanted and what to do."""
    with pytest.raises(InputError, match=message):
        laid_out(ask(memory, **changes))


def test_a_zero_of_the_other_sign_is_another_value() -> None:
    """Equal numbers of different bits can be neither merged nor expanded."""
    zeros = np.zeros(4)
    with pytest.raises(InputError, match="is not running_mean"):
        laid_out(ask("merged", beta=-zeros, running_mean=zeros))
    dy = np.zeros((3, 4, 2, 5))
    dy[0, 0, 0, 1] = -0.0
    with pytest.raises(InputError, match="varies"):
        laid_out(ask("broadcast", dy=dy))
