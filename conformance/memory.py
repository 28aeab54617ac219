"""How arrays lie in memory: the same values, in memory where strides and aliasing matter.

Values travel contiguous; they are laid out where a kernel is called.  A kernel that reads a
buffer without its strides, or that writes one argument before it has read another, is right on
contiguous arrays of their own and wrong here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

import numpy as np

from conformance.case import Array, Inputs, Memory
from conformance.errors import InputError

FILLER = -77.0
"""What lies between the values of a strided array: exact in every type, finite, and far off."""

KINDS: tuple[Memory, ...] = get_args(Memory)


def laid_out(inputs: Inputs) -> Inputs:
    """The same call with arrays of its own that lie in memory as `Inputs.memory` says.

    - ``"contiguous"``: C order.
    - ``"strided"``: every second element of a larger buffer, along the first and the last axis,
      from the second on; `FILLER` lies between.
    - ``"reversed"``: backwards, a negative stride along every axis.
    - ``"transposed"``: Fortran order, the axes of a C-ordered array in reverse.
    - ``"broadcast"``: dy has stride 0 along every axis but the channel axes, as the gradient of
      ``y.sum()`` has; all others are contiguous.
    - ``"merged"``: gamma and the running variance are one array, and so are beta and the running
      mean, as where a graph compiler merges equal constants; all others are contiguous.

    The first four hold for every array, the earlier batches and the parameters included.
    Only the first call of a sequence is given merged arrays: after it the values differ.

    Returns:
        Values equal to the given ones bit for bit, in memory that nobody else refers to.  It can
        be written to, so that a kernel that breaks its contract is caught and not stopped.

    Raises:
        InputError: the values cannot lie so; see `require`.
    """
    require(inputs)
    lay = _ARRANGED.get(inputs.memory, _contiguous)
    gamma, beta = _if_given(lay, inputs.gamma), _if_given(lay, inputs.beta)
    merged = inputs.memory == "merged"
    return replace(
        inputs,
        x=lay(inputs.x),
        dy=_expanded(inputs) if inputs.memory == "broadcast" else _if_given(lay, inputs.dy),
        gamma=gamma,
        beta=beta,
        running_mean=beta if merged else _if_given(lay, inputs.running_mean),
        running_var=gamma if merged else _if_given(lay, inputs.running_var),
        earlier=tuple(lay(batch) for batch in inputs.earlier),
    )


def lock(inputs: Inputs) -> None:
    """Make every array of a call read-only, in place: who writes to it gets a ValueError."""
    for array in (*inputs.given().values(), *inputs.earlier):
        array.flags.writeable = False


def require(inputs: Inputs) -> None:
    """Refuse values that cannot lie in memory as `Inputs.memory` says.

    Raises:
        InputError: there is no such kind; ``"broadcast"`` without a dy that is constant in each
            channel; ``"merged"`` without parameters that are equal bit for bit in pairs.
    """
    if inputs.memory not in KINDS:
        raise InputError(f"memory is {inputs.memory!r}, expected one of {', '.join(KINDS)}.")
    if inputs.memory == "broadcast":
        _check_expandable(inputs)
    if inputs.memory == "merged":
        _check_equal(inputs, "gamma", "running_var")
        _check_equal(inputs, "beta", "running_mean")


def _check_expandable(inputs: Inputs) -> None:
    if inputs.dy is None:
        raise InputError("memory is 'broadcast' and there is no dy. Give dy, or other memory.")
    first = _of_channels(inputs.dy, inputs)
    if np.broadcast_to(first, inputs.dy.shape).tobytes() != inputs.dy.tobytes():
        raise InputError(
            "memory is 'broadcast' and dy varies within a channel. "
            "Give a dy that is constant in each channel, or other memory."
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


def _if_given(lay: Callable[[Array], Array], array: Array | None) -> Array | None:
    return None if array is None else lay(array)


def _contiguous(array: Array) -> Array:
    return np.array(array, order="C")


def _strided(array: Array) -> Array:
    ends = {0, array.ndim - 1}
    shape = tuple(2 * size if axis in ends else size for axis, size in enumerate(array.shape))
    # Not from the first element on, so that an offset that is ignored is noticed as well.
    chosen = tuple(slice(1, None, 2) if axis in ends else slice(None) for axis in range(array.ndim))
    view: Array = np.full(shape, FILLER, array.dtype)[chosen]
    view[...] = array
    return view


def _reversed(array: Array) -> Array:
    return np.flip(np.array(np.flip(array), order="C"))


def _transposed(array: Array) -> Array:
    return np.array(array.T, order="C").T


_ARRANGED: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {"strided": _strided, "reversed": _reversed, "transposed": _transposed}
)


def _expanded(inputs: Inputs) -> Array:
    assert inputs.dy is not None  # noqa: S101 - `require` refused it
    view = np.broadcast_to(_contiguous(_of_channels(inputs.dy, inputs)), inputs.dy.shape)
    view.flags.writeable = True  # numpy locks it, since one write reaches many elements
    return view


def _of_channels(dy: Array, inputs: Inputs) -> Array:
    """The first value of each channel, with one along every other axis."""
    axes = inputs.channel_axes
    return dy[tuple(slice(None) if a in axes else slice(1) for a in range(dy.ndim))]
