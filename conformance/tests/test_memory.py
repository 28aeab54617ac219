"""Laying arrays out: where every byte lies, that no value changes, and what cannot lie so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Inputs, Memory
from conformance.errors import InputError
from conformance.memory import (
    ALIGNED,
    FILLER,
    KINDS,
    following,
    is_dense,
    laid_out,
    of_arrays,
    words,
)
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
        "overlapping": {"dy": following(inputs.x)},
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
    dy = following(x) if memory == "overlapping" else x[[0, 0]]
    found = laid_out(replace(ask(memory, "NC", "bfloat16"), x=x, dy=dy, earlier=(x,)))
    assert found.x.tobytes() == x.tobytes()
    assert np.asarray(found.dy).tobytes() == dy.tobytes()


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


def test_overlapping_batches_are_one_buffer() -> None:
    """In it dy begins one element after x."""
    found = laid_out(ask("overlapping"))
    assert found.dy is not None
    assert found.dy.ctypes.data - found.x.ctypes.data == found.x.itemsize
    assert np.shares_memory(found.x, found.dy)
    assert all(array.flags.c_contiguous for array in arrays(found).values())


def test_arrays_share_no_memory_unless_it_is_said() -> None:
    """No other memory is shared between two arrays of a call."""
    for memory in KINDS:
        found = list(arrays(laid_out(ask(memory))).values())
        shared = sum(np.shares_memory(a, b) for i, a in enumerate(found) for b in found[:i])
        assert shared == {"merged": 2, "overlapping": 1}.get(memory, 0), memory


@pytest.mark.parametrize("kind", TYPES)
def test_unaligned_arrays_begin_one_element_off(kind: str) -> None:
    """Each array begins one element after a multiple of 64 bytes, and is contiguous."""
    for name, array in arrays(laid_out(ask("unaligned", kind=kind))).items():
        assert array.ctypes.data % ALIGNED == array.itemsize, name
        assert array.flags.c_contiguous, name


@pytest.mark.parametrize(
    ("memory", "call", "steps"),
    [
        ("channels_last", "NCHW", (40, 1, 20, 4)),
        ("channels_first", "NHWC", (40, 5, 1, 10)),
        ("channels_last", "NHWC", (40, 20, 4, 1)),
        ("channels_last", "per activation", (8, 2, 1)),
    ],
)
def test_the_channel_axis_is_moved_in_memory(
    memory: Memory, call: str, steps: tuple[int, ...]
) -> None:
    """Batches lie as if the channel axis were the last or the second; parameters are contiguous."""
    found = arrays(laid_out(ask(memory, call)))
    for name in ("x", "dy", "history_0", "history_1"):
        assert strides(found.pop(name)) == steps, name
    assert all(array.flags.c_contiguous for array in found.values())


def test_each_array_lies_as_it_is_said_to() -> None:
    """Words for single arrays say nothing of the others; earlier batches lie as x does."""
    level = np.full(4, 1.5)
    memory = "x=strided dy=reversed gamma=broadcast running_var=strided"
    found = arrays(laid_out(ask(memory, gamma=level)))
    assert strides(found["x"]) == strides(found["history_1"]) == (160, 20, 10, 2)
    assert strides(found["dy"]) == (-40, -10, -5, -1)
    assert strides(found["gamma"]) == (0,)
    assert strides(found["running_var"]) == (2,)
    assert strides(found["beta"]) == strides(found["running_mean"]) == (1,)


@pytest.mark.parametrize(
    ("memory", "kinds"),
    [
        ("strided", "x dy gamma beta running_mean running_var"),
        ("channels_last", "x dy"),
        ("broadcast", "dy"),
        ("merged", ""),
        ("overlapping", ""),
    ],
)
def test_a_kind_is_that_of_the_arrays_that_have_it(memory: Memory, kinds: str) -> None:
    """A word for all is a word for each that it speaks of; what is shared is contiguous."""
    found = of_arrays(memory)
    assert {name for name, kind in found.items() if kind != "contiguous"} == {*kinds.split()}
    assert {kind for kind in found.values() if kind != "contiguous"} <= {memory}


def test_words_are_read_as_they_were_made() -> None:
    """What `words` makes of kinds `of_arrays` reads; contiguous arrays are left out."""
    assert words({"x": "contiguous"}) == "contiguous"
    made = words({"running_var": "reversed", "x": "strided", "dy": "contiguous"})
    assert made == "x=strided running_var=reversed"
    read = of_arrays(made)
    assert (read["x"], read["running_var"], read["dy"]) == ("strided", "reversed", "contiguous")


def test_dense_memory_has_no_stride_of_its_own() -> None:
    """A dy of stride 0 counts as dense, as it always did; strides in any array do not."""
    dense = {memory for memory in KINDS if is_dense(memory)}
    assert dense == {"contiguous", "unaligned", "broadcast", "merged", "overlapping"}
    assert not is_dense("running_var=strided")


@pytest.mark.parametrize("memory", ["contiguous", "strided", "reversed", "transposed", "broadcast"])
def test_absent_arrays_stay_absent(memory: Memory) -> None:
    """What is not given is not made up."""
    bare: dict[str, Any] = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"))
    assert arrays(laid_out(ask(memory, **bare, earlier=()))).keys() == {"x", "dy"}


@pytest.mark.parametrize(
    ("memory", "changes", "message"),
    [
        ("striped", {}, r"'striped', expected one of contiguous, strided, .*, overlapping; or"),
        ("", {}, r"memory is '', expected one of"),
        ("x=", {}, r"memory is 'x=', expected"),
        ("z=strided", {}, r"with x, dy, gamma, beta, running_mean, running_var before"),
        ("x=broadcast", {}, "'x=broadcast', expected"),
        ("gamma=channels_last", {}, "'gamma=channels_last', expected"),
        ("running_mean=broadcast", {}, "'running_mean=broadcast', expected"),
        ("gamma=broadcast", {}, r"gamma = \[.*\] has several values"),
        ("dy=broadcast", {"dy": make((3, 4, 2, 5), np.float64).dy}, "dy varies within a channel"),
        ("overlapping", {"dy": None}, "'overlapping' and there is no dy"),
        ("overlapping", {"dy": make((3, 4, 2, 5), np.float64).dy}, "not those of x, one element"),
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
