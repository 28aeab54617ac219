"""How arrays lie in memory: the same values, in memory where strides and aliasing matter.

Values travel contiguous; they are laid out where a kernel is called.  A kernel that reads a
buffer without its strides, that takes all arrays to lie alike, or that writes one argument before
it has read another, is right on contiguous arrays of their own and wrong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias, cast, get_args

import numpy as np

from conformance.arrays import INPUT_NAMES, RUNNING
from conformance.case import Array, Inputs, Kind, Memory
from conformance.errors import InputError

FILLER = -77.0
"""What lies between the values of a strided array: exact in every type, finite, and far off."""

ALIGNED = 64
"""Bytes of a cache line, of whose multiples an unaligned array begins one element off."""

KINDS: tuple[Kind, ...] = get_args(Kind)

ALIKE: tuple[Kind, ...] = ("contiguous", "strided", "reversed", "transposed", "unaligned")
"""The kinds that hold for any array by itself."""

OF_GRADIENTS: tuple[Kind, ...] = ("broadcast", "overlapping")
"""The kinds that there is no call of without a gradient."""

_OF_X: tuple[Kind, ...] = ("channels_last", "channels_first")
_BATCHES = ("x", "dy")
_CHOSEN: Mapping[str, Sequence[str]] = MappingProxyType(
    {**dict.fromkeys(_OF_X, _BATCHES), "broadcast": ("dy",)}
)
"""Whose memory a kind that does not hold for all arrays speaks of."""

_DENSE: tuple[Kind, ...] = ("contiguous", "unaligned", "broadcast", "merged", "overlapping")
"""The kinds in which no array has a stride other than that of C order, but for 0 in dy."""

_Lay: TypeAlias = Callable[[Array, Inputs], Array]


def laid_out(inputs: Inputs) -> Inputs:
    """The same call with arrays of its own that lie in memory as `Inputs.memory` says.

    - ``"contiguous"``: C order.
    - ``"strided"``: every second element of a larger buffer, along the first and the last axis,
      from the second on; `FILLER` lies between.
    - ``"reversed"``: backwards, a negative stride along every axis.
    - ``"transposed"``: Fortran order, the axes of a C-ordered array in reverse.
    - ``"unaligned"``: C order, from one element after a multiple of `ALIGNED` bytes on.
    - ``"channels_last"``, ``"channels_first"``: x, dy and the earlier batches in the order in
      which the channel axis is the last, or the second; all others are contiguous.
    - ``"broadcast"``: dy has stride 0 along every axis but the channel axes, as the gradient of
      ``y.sum()`` has; all others are contiguous.
    - ``"merged"``: gamma and the running variance are one array, and so are beta and the running
      mean, as where a graph compiler merges equal constants; all others are contiguous.
    - ``"overlapping"``: x and dy are views of one buffer, in which dy begins one element after x;
      all others are contiguous.

    The first five hold for every array, the earlier batches and the parameters included.
    ``"x=strided dy=reversed"`` says so of each array by itself; what it leaves out is contiguous,
    and earlier batches lie as x does.  There dy may be ``broadcast`` too, and gamma and beta may
    be, which then are one number for all channels.  Only the first call of a sequence is given
    merged arrays: after it the values differ.

    Returns:
        Values equal to the given ones bit for bit, in memory that nobody else refers to.  It can
        be written to, so that a kernel that breaks its contract is caught and not stopped.

    Raises:
        InputError: the values cannot lie so; see `require`.
    """
    require(inputs)
    kinds = of_arrays(inputs.memory)
    given = inputs.given()
    lying: dict[str, Any] = {n: _LAY[kinds[n]](array, inputs) for n, array in given.items()}
    if inputs.memory == "merged":
        lying |= {"running_mean": lying["beta"], "running_var": lying["gamma"]}
    if inputs.memory == "overlapping":
        lying |= _overlapping(inputs)
    earlier = tuple(_LAY[kinds["x"]](batch, inputs) for batch in inputs.earlier)
    mask = None if inputs.mask is None else inputs.mask.copy()
    return replace(inputs, **lying, earlier=earlier, mask=mask)


def lock(inputs: Inputs) -> None:
    """Make every array of a call read-only, in place: who writes to it gets a ValueError."""
    mask = () if inputs.mask is None else (inputs.mask,)
    for array in (*inputs.given().values(), *inputs.earlier, *mask):
        array.flags.writeable = False


@lru_cache(maxsize=256)
def of_arrays(memory: Memory) -> Mapping[str, Kind]:
    """The kind of every array, by the names of `conformance.arrays.INPUT_NAMES`.

    Merged and overlapping arrays are contiguous but for what they share.

    Raises:
        InputError: the words name no kind, or one that an array cannot have.
    """
    by_array: dict[str, Kind] = dict.fromkeys(INPUT_NAMES, "contiguous")
    if memory in KINDS:
        chosen = INPUT_NAMES if memory in ALIKE else _CHOSEN.get(memory, ())
        return MappingProxyType(by_array | dict.fromkeys(chosen, memory))
    for word in memory.split() or ("",):
        name, _, kind = word.partition("=")
        _check_word(memory, name, kind)
        by_array[name] = cast("Kind", kind)
    return MappingProxyType(by_array)


def words(kinds: Mapping[str, str]) -> Memory:
    """How a call lies whose arrays lie so: what `of_arrays` reads; contiguous ones are left out."""
    told = [f"{name}={kinds[name]}" for name in INPUT_NAMES if kinds.get(name, "") in KINDS]
    unusual = [word for word in told if not word.endswith("=contiguous")]
    return " ".join(unusual) or "contiguous"


def is_dense(memory: Memory) -> bool:
    """Whether all arrays are contiguous, but for a dy that has stride 0."""
    return all(kind in _DENSE for kind in of_arrays(memory).values())


def following(x: Array) -> Array:
    """The dy that x can overlap with: in C order the values from the second on, and a 1."""
    rest = np.append(x.reshape(-1)[1:], np.ones(min(x.size, 1), x.dtype))
    return rest.reshape(x.shape)


def require(inputs: Inputs) -> None:
    """Refuse values that cannot lie in memory as `Inputs.memory` says.

    Raises:
        InputError: there is no such kind; ``"broadcast"`` without a dy that is constant in each
            channel, or of a parameter that has several values; ``"merged"`` without parameters
            that are equal bit for bit in pairs; ``"overlapping"`` without a dy that is `following`
            x.
    """
    kinds = of_arrays(inputs.memory)
    if kinds["dy"] == "broadcast":
        _check_expandable(inputs)
    for name in ("gamma", "beta"):
        if kinds[name] == "broadcast":
            _check_level(name, getattr(inputs, name))
    if inputs.memory == "merged":
        _check_equal(inputs, "gamma", "running_var")
        _check_equal(inputs, "beta", "running_mean")
    if inputs.memory == "overlapping":
        _check_following(inputs)


def _check_word(memory: Memory, name: str, kind: str) -> None:
    fits: tuple[str, ...] = ALIKE
    if name in _BATCHES:
        fits = (*fits, *_OF_X)
    if name in INPUT_NAMES and name != "x" and name not in RUNNING:
        fits = (*fits, "broadcast")
    if name not in INPUT_NAMES or kind not in fits:
        raise InputError(
            f"memory is {memory!r}, expected one of {', '.join(KINDS)}; or, for arrays by "
            f"themselves, such as 'x=strided dy=reversed', with {', '.join(INPUT_NAMES)} before "
            f"the sign and {', '.join(fits)} behind it."
        )


def _check_expandable(inputs: Inputs) -> None:
    if inputs.dy is None:
        raise InputError("memory is 'broadcast' and there is no dy. Give dy, or other memory.")
    first = _of_channels(inputs.dy, inputs)
    if np.broadcast_to(first, inputs.dy.shape).tobytes() != inputs.dy.tobytes():
        raise InputError(
            "memory is 'broadcast' and dy varies within a channel. "
            "Give a dy that is constant in each channel, or other memory."
        )


def _check_level(name: str, array: Array | None) -> None:
    if array is not None and len({value.tobytes() for value in array.reshape(-1)}) > 1:
        raise InputError(
            f"memory is 'broadcast' and {name} = {array.tolist()} has several values. "
            "Give one for all channels, or other memory."
        )


def _check_equal(inputs: Inputs, name: str, other: str) -> None:
    one, two = getattr(inputs, name), getattr(inputs, other)
    if one is None or two is None:
        absent = name if one is None else other
        raise InputError(
            f"memory is 'merged' and there is no {absent}. Give it, equal to "
            f"{other if one is None else name}, or other memory."
        )
    if (one.dtype, one.shape) != (two.dtype, two.shape) or one.tobytes() != two.tobytes():
        raise InputError(
            f"memory is 'merged' and {name} = {one.tolist()} is not {other} = {two.tolist()}. "
            "Give equal values of one type, or other memory."
        )


def _check_following(inputs: Inputs) -> None:
    if inputs.dy is None:
        raise InputError("memory is 'overlapping' and there is no dy. Give dy, or other memory.")
    mine, wanted = inputs.dy.reshape(-1)[:-1], inputs.x.reshape(-1)[1:]
    if mine.tobytes() != wanted.tobytes():
        raise InputError(
            "memory is 'overlapping' and the values of dy are not those of x, one element on. "
            "Give the dy of conformance.memory.following, or other memory."
        )


def _contiguous(array: Array, _: Inputs) -> Array:
    return np.array(array, order="C")


def _strided(array: Array, _: Inputs) -> Array:
    ends = {0, array.ndim - 1}
    shape = tuple(2 * size if axis in ends else size for axis, size in enumerate(array.shape))
    # Not from the first element on, so that an offset that is ignored is noticed as well.
    chosen = tuple(slice(1, None, 2) if axis in ends else slice(None) for axis in range(array.ndim))
    view: Array = np.full(shape, FILLER, array.dtype)[chosen]
    view[...] = array
    return view


def _reversed(array: Array, _: Inputs) -> Array:
    return np.flip(np.array(np.flip(array), order="C"))


def _transposed(array: Array, _: Inputs) -> Array:
    return np.array(array.T, order="C").T


def _unaligned(array: Array, _: Inputs) -> Array:
    view = beginning(array.dtype, array.size, offset=array.itemsize).reshape(array.shape)
    view[...] = array
    return view


def beginning(dtype: np.dtype[np.generic], size: int, *, offset: int) -> Array:
    """A row of so many elements that begins `offset` bytes after a multiple of `ALIGNED`."""
    buffer = np.full(size * dtype.itemsize + 2 * ALIGNED, 0, dtype=np.uint8)
    start = (offset - buffer.ctypes.data) % ALIGNED
    return buffer[start : start + size * dtype.itemsize].view(dtype)


def _moved(place: int) -> _Lay:
    """Memory in which the channel axis stands elsewhere than in the shape."""

    def lay(array: Array, inputs: Inputs) -> Array:
        order = [a for a in range(array.ndim) if a not in inputs.channel_axes]
        at = len(order) if place < 0 else place
        order[at:at] = inputs.channel_axes
        back = [order.index(a) for a in range(array.ndim)]
        return np.array(array.transpose(order), order="C").transpose(back)

    return lay


def _expanded(array: Array, inputs: Inputs) -> Array:
    """One element per channel, or, of a parameter, one for all channels."""
    is_dy = array.shape == inputs.x.shape and array is inputs.dy
    first = _of_channels(array, inputs) if is_dy else array[(slice(1),) * array.ndim]
    view = np.broadcast_to(np.array(first, order="C"), array.shape)
    view.flags.writeable = True  # numpy locks it, since one write reaches many elements
    return view


def _overlapping(inputs: Inputs) -> dict[str, Array]:
    """X and dy in one buffer."""
    assert inputs.dy is not None  # noqa: S101 - `require` refused it
    last = inputs.dy.reshape(-1)[-1:]
    whole = np.concatenate([inputs.x.reshape(-1), last])
    x, dy = whole[: inputs.x.size], whole[inputs.x.size > 0 :]
    return {"x": x.reshape(inputs.x.shape), "dy": dy.reshape(inputs.x.shape)}


def _of_channels(dy: Array, inputs: Inputs) -> Array:
    """The first value of each channel, with one along every other axis."""
    axes = inputs.channel_axes
    return dy[tuple(slice(None) if a in axes else slice(1) for a in range(dy.ndim))]


_LAY: Mapping[Kind, _Lay] = MappingProxyType(
    {
        "contiguous": _contiguous,
        "strided": _strided,
        "reversed": _reversed,
        "transposed": _transposed,
        "unaligned": _unaligned,
        "channels_last": _moved(-1),
        "channels_first": _moved(1),
        "broadcast": _expanded,
    }
)
