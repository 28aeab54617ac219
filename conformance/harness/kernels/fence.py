"""Arrays with a fence around them: whoever writes beside them is seen afterwards.

Each array of a call is laid into a buffer of its own with `MARGIN` bytes or more before and after
it, in the order in memory that it came with, and as far from an aligned address as it was.  All
that is not the array is `FILLER`, so that reading beside it gives a number that is far off, and the
same in every call.  A kernel may read the array; it may write to nothing of the buffer but the
running statistics, and those only where its framework updates them in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from conformance.adapter import WROTE_TO_INPUTS
from conformance.case import Array
from conformance.memory import FILLER, beginning

MARGIN = 4096
"""Bytes on either side: a page, and a multiple of every alignment and item size."""

_FAR = 1 << 16
"""Bytes behind a larger array, at most: who reads one that lies backwards on from its first value
reads as many as it has, and is to be told by what he finds."""

_VECTOR = 16
"""Bytes of whose multiples every array begins that was not laid out otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """An array inside its buffer.

    Attributes:
        flat: The whole buffer, one-dimensional, of the array's type.
        start: Index in `flat` of the array's first element.
        shape: Shape of the array.
        steps: Its strides, in elements; never negative.
        before: The bytes of the buffer as they were.
        reversed_axes: Axes that run backwards.
        writeable: Whether the array may be written to; `breach` tells who did.
    """

    flat: Array
    start: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]
    before: bytes
    reversed_axes: tuple[int, ...] = ()
    writeable: bool = True

    @property
    def array(self) -> Array:
        """The array, a view into the buffer; as it came, negative strides included."""
        view = _inside(self.flat, self.start, self.shape, self.steps)
        view.flags.writeable = self.writeable
        return np.flip(view, self.reversed_axes) if self.reversed_axes else view


def _inside(flat: Array, start: int, shape: tuple[int, ...], steps: tuple[int, ...]) -> Array:
    """The array inside a buffer, forwards."""
    view: Array = np.ndarray(
        shape,
        flat.dtype,
        flat.view(np.uint8).data,  # numpy's own word for bfloat16 is no buffer format
        offset=start * flat.itemsize,
        strides=[step * flat.itemsize for step in steps],
    )
    return view


def _extent(shape: Sequence[int], steps: Sequence[int]) -> int:
    """How many elements lie from the first of an array to its last."""
    return 1 + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))


def fenced(array: Array) -> Fenced:
    """Copy `array` into a buffer of its own with a fence around it, its strides kept.

    Raises:
        ValueError: never for arrays that `conformance.memory.laid_out` made.
    """
    backwards = tuple(a for a, s in enumerate(array.strides) if s < 0 and array.shape[a] > 1)
    forward = np.flip(array, backwards) if backwards else array
    item = array.itemsize
    steps = tuple(max(s, 0) // item for s in forward.strides)
    inside = _extent(forward.shape, steps) if forward.size else 0
    start = (MARGIN + forward.ctypes.data % _VECTOR) // item
    behind = max(MARGIN, min(array.nbytes, _FAR)) // item
    flat = beginning(array.dtype, start + inside + behind, offset=0)
    flat[...] = FILLER
    if forward.size:
        _inside(flat, start, forward.shape, steps)[...] = forward
    return Fenced(
        flat=flat,
        start=start,
        shape=forward.shape,
        steps=steps,
        before=flat.tobytes(),
        reversed_axes=backwards,
        writeable=bool(array.flags.writeable),
    )


def fenced_together(arrays: Sequence[Array]) -> list[Fenced]:
    """Fences of arrays that overlap, in one buffer, in which they overlap in the same way.

    Args:
        arrays: Of one type, with strides that are not negative.
    """
    item, first = arrays[0].itemsize, min(array.ctypes.data for array in arrays)
    places = [(array.ctypes.data - first) // item for array in arrays]
    all_steps = [tuple(step // item for step in array.strides) for array in arrays]
    size = max(map(_extent, (array.shape for array in arrays), all_steps)) + max(places)
    whole = fenced(np.zeros(size, arrays[0].dtype))
    made = []
    for array, place, steps in zip(arrays, places, all_steps, strict=True):
        start = whole.start + place
        _inside(whole.flat, start, array.shape, steps)[...] = array
        made.append(replace(whole, start=start, shape=array.shape, steps=steps))
    return [replace(fence, before=whole.flat.tobytes()) for fence in made]


def breach(fences: Mapping[str, Fenced], in_place: Iterable[str] = ()) -> str | None:
    """What was written that may not be, in words, or None.

    Args:
        fences: The arrays of a call by name, after it.
        in_place: Names of those that may be updated; what lies around them may not.
    """
    wrote, outside = [], []
    for name, fence in fences.items():
        if fence.flat.tobytes() == fence.before:
            continue
        around, within = _changed(fence)
        if around:
            outside.append(f"{around} bytes around {name}")
        if within and name not in in_place:
            wrote.append(name)
    if wrote:
        return f"{WROTE_TO_INPUTS}: {', '.join(wrote)}"
    return f"wrote outside its arrays: {', '.join(outside)}" if outside else None


def _changed(fence: Fenced) -> tuple[int, int]:
    """How many bytes changed around the array, and how many in it."""
    inside = np.zeros(fence.flat.size, dtype=np.bool_)
    size = fence.flat.itemsize
    mask = Fenced(
        flat=inside, start=fence.start, shape=fence.shape, steps=fence.steps, before=b""
    ).array
    mask[...] = True
    changed = np.frombuffer(fence.before, dtype=np.uint8) != fence.flat.view(np.uint8)
    own = np.repeat(inside, size)
    return int((changed & ~own).sum()), int((changed & own).sum())
