"""Faults of strides: memory that is read as if it were contiguous.

Some read from the start of the buffer that an array is a view of, and lose the offset as well;
most are given the address of the first value and read on from there.  Past the end of the buffer
lies what nobody knows, but for a kernel that is checked inside a fence: there it is `FILLER`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Inputs
from conformance.faults.fault import BY_STATISTICS, Fault
from conformance.faults.sheet import Edits, Formula, Sheet
from conformance.memory import FILLER

_GRADIENTS = ("dx", "dgamma", "dbeta")
_PARAMETERS = ("gamma", "beta")
_CELLS = {"running_mean": "old_mean", "running_var": "old_var"}
_VECTOR = 16
"""Bytes of a vector that is loaded at once."""

_EVERY = ("x", "dy", *_PARAMETERS, *_CELLS)


def _buffer(array: Array) -> Array:
    """The array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _read_on(array: Array) -> Array:
    """As many values as an array has, from its first one on in memory."""
    first, owner = (a.__array_interface__["data"][0] for a in (array, _buffer(array)))
    # By bytes, since what is laid out to begin anywhere lies in a buffer of bytes.
    there = _buffer(array).ravel(order="K").view(np.uint8)[first - owner :][: array.nbytes]
    whole = there[: there.size // array.itemsize * array.itemsize].view(array.dtype)
    values = np.full(array.size, FILLER, array.dtype)
    values[: whole.size] = whole
    return values


def _in_memory_order(name: str) -> Formula:
    """An array read from the start of its buffer, as if it were contiguous."""

    def read(s: Sheet) -> Array:
        given = getattr(s.inputs, name)
        if given is None or given.flags.c_contiguous or not all(given.strides):
            return np.asarray(s.correct(name))
        values = np.resize(_buffer(given).ravel(order="K"), given.shape)
        if given.shape == s.inputs.x.shape:
            return s.rows(values)
        return s.column(values, 0.0)

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class _From:
    """How arrays that are taken to be contiguous are read.

    Attributes:
        copied: What lies backwards is copied before the kernel has it.
        packed: What has gaps or lies backwards is copied.
        beside: They are read so in the path for contiguous x alone.
    """

    copied: bool = False
    packed: bool = False
    beside: bool = False

    def reads_right(self, given: Array, inputs: Inputs) -> bool:
        """Whether an array is read as it is."""
        elsewhere = self.beside and not inputs.x.flags.c_contiguous
        return given.flags.c_contiguous or elsewhere or (self.copied and _is_backwards(given))

    def formula(self, name: str, cell: str) -> Formula:
        """An array read on from its first value, as if it were contiguous."""

        def read(s: Sheet) -> Array:
            given = getattr(s.inputs, name)
            if given is None or self.reads_right(given, s.inputs):
                return np.asarray(s.correct(cell))
            flat = given.ravel(order="K") if self.packed else _read_on(given)
            values = flat.reshape(given.shape)
            return s.rows(values) if given.shape == s.inputs.x.shape else s.column(values, 0.0)

        return read


def _is_backwards(array: Array) -> bool:
    return any(step < 0 for step in array.strides)


def _as_x_lies(*, copied: bool) -> Formula:
    """Dy read on from its first value, its axes in the order that those of x have in memory."""

    def read(s: Sheet) -> Array:
        x, dy = s.inputs.x, s.inputs.dy
        order = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        if dy is None or dy.transpose(order).flags.c_contiguous or (copied and _is_backwards(dy)):
            return np.asarray(s.correct("dy"))
        values = _read_on(dy).reshape([x.shape[axis] for axis in order])
        return s.rows(values.transpose(np.argsort(order)))

    return read


def _views(*names: str, how: _From = _From()) -> Edits:
    """Arrays that are each read on from their first value."""
    return {_CELLS.get(n, n): how.formula(n, _CELLS.get(n, n)) for n in names}


def _other_views(*names: str, paths: bool = False) -> tuple[Edits, ...]:
    """The other ways to read arrays on; `paths`: in a path of the kernel alone, too."""
    ways = [_From(copied=True)]
    if paths:
        ways += [_From(beside=True), _From(beside=True, packed=True), _From(packed=True)]
    return tuple(_views(*names, how=way) for way in ways)


def _from_boundary(before: float | None) -> Formula:
    """Contiguous x read from the last aligned address at or before it.

    Args:
        before: What lies there; None for the last values of x, as in a buffer that is a ring.
    """

    def read(s: Sheet) -> Array:
        x = s.inputs.x
        off = x.__array_interface__["data"][0] % _VECTOR // x.itemsize
        if not off or not x.flags.c_contiguous:
            return np.asarray(s.correct("x"))
        values = np.roll(x.reshape(-1), off)
        if before is not None:
            values[:off] = before
        return s.rows(values.reshape(x.shape))

    return read


FAULTS = (
    Fault(
        id="input-strides-ignored",
        title="x is read in memory order, without its strides",
        math="x replaced by the first values of its buffer",
        touches=BY_STATISTICS,
        mode="both",
        shows="x that is not contiguous",
        hides="contiguous x",
        core=True,
        edits={"x": _in_memory_order("x")},
    ),
    Fault(
        id="gradient-strides-ignored",
        title="dy is read in memory order, without its strides",
        math="dy replaced by the first values of its buffer",
        touches=_GRADIENTS,
        mode="both",
        shows="dy that is not contiguous",
        hides="contiguous dy",
        edits={"dy": _in_memory_order("dy")},
    ),
    Fault(
        id="parameter-strides-ignored",
        title="gamma and beta are read in memory order, without their strides",
        math="gamma, beta replaced by the first values of their buffers",
        touches=("y", "dx"),
        mode="both",
        shows="parameters that are not contiguous",
        hides="contiguous parameters",
        edits={"gamma": _in_memory_order("gamma"), "beta": _in_memory_order("beta")},
    ),
    Fault(
        id="input-view-read-on",
        title="x is read on from its first value, without its strides",
        math="x replaced by what follows its first value in memory",
        touches=BY_STATISTICS,
        mode="both",
        shows="x that is not contiguous",
        hides="contiguous x",
        edits=_views("x"),
        otherwise=_other_views("x"),
    ),
    Fault(
        id="gradient-view-read-on",
        title="dy is read on from its first value, without its strides",
        math="dy replaced by what follows its first value in memory",
        touches=_GRADIENTS,
        mode="both",
        shows="dy that is not contiguous",
        hides="contiguous dy",
        edits=_views("dy"),
        otherwise=_other_views("dy", paths=True),
    ),
    Fault(
        id="gradient-read-as-input-lies",
        title="dy is read as if it lay in memory as x does",
        math="dy replaced by what follows its first value, in the order of the axes of x",
        touches=_GRADIENTS,
        mode="both",
        shows="dy with other strides than x",
        hides="dy that lies as x does",
        edits={"dy": _as_x_lies(copied=False)},
        otherwise=({"dy": _as_x_lies(copied=True)},),
    ),
    Fault(
        id="parameter-view-read-on",
        title="gamma and beta are read on from their first values, without their strides",
        math="gamma, beta replaced by what follows their first values in memory",
        touches=("y", "dx"),
        mode="both",
        shows="parameters that are not contiguous",
        hides="contiguous parameters",
        edits=_views(*_PARAMETERS),
        otherwise=_other_views(*_PARAMETERS, paths=True),
    ),
    Fault(
        id="scale-view-read-on",
        title="gamma is read on from its first value, without its stride",
        math="gamma replaced by what follows its first value in memory",
        touches=("y", "dx"),
        mode="both",
        shows="gamma that is not contiguous",
        hides="contiguous gamma",
        edits=_views("gamma"),
        otherwise=_other_views("gamma", paths=True),
    ),
    Fault(
        id="unaligned-input-from-boundary",
        title="x is read from the multiple of 16 bytes before its first value",
        math="x replaced by what begins at its address rounded down",
        touches=BY_STATISTICS,
        mode="both",
        shows="x that is not aligned to 16 bytes",
        hides="aligned x, as every allocator returns it",
        edits={"x": _from_boundary(FILLER)},
        otherwise=({"x": _from_boundary(None)},),
    ),
    Fault(
        id="every-view-read-on",
        title="no strides are read: every array is taken to be contiguous",
        math="each array replaced by what follows its first value in memory",
        touches=(*BY_STATISTICS, "dbeta"),
        mode="both",
        shows="arrays that are not contiguous",
        hides="contiguous arrays",
        edits=_views(*_EVERY),
        otherwise=_other_views(*_EVERY),
    ),
)
