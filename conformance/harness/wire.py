"""Messages between a run and its worker: a frame, a JSON header and raw arrays, nothing executable.

A message is a frame of 20 bytes: a mark, the length of the header and that of all arrays together.
Then follow the header, and the bytes of the arrays that it announces, in order, C-contiguous and
in native byte order.  How they are to lie in memory travels as a word in the header;
`conformance.memory` lays them out on arrival.

Lengths come first so that whoever reads can refuse a message before it takes any memory.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from math import prod
from typing import IO, Any, TypeAlias

import ml_dtypes
import numpy as np

from conformance import block_form
from conformance.arrays import INPUT_NAMES, MASK
from conformance.block import Block
from conformance.case import Array, Inputs
from conformance.printable import value
from conformance.type_names import name_of

AGAIN = "again/"
"""How the names of the outputs of a repeated call begin, where they differ from the first."""

Fill: TypeAlias = Callable[[memoryview], None]
"""Fills a piece of memory with what comes next, or raises EOFError."""

Announced: TypeAlias = list[tuple[str, str, list[int]]]
"""Name, type and shape of every array of a message."""

_AROUND = "block/"
"""How the names of the arrays begin that a block has."""

_MARK = b"batchnrm"
_FRAME = struct.Struct(">8sIQ")

_SMALL = 1 << 16
"""Bytes of a message that is copied into one piece: what a pipe takes at once."""


def encode(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> list[memoryview]:
    """One message, in pieces that are sent one after the other; a small one in one piece."""
    announced = [[name, name_of(a.dtype), list(a.shape)] for name, a in arrays.items()]
    text = json.dumps({**header, "arrays": announced}, ensure_ascii=False).encode()
    # As bytes without a copy: the types of ml_dtypes have no buffers of their own.
    parts = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in arrays.values()]
    frame = _FRAME.pack(_MARK, len(text), sum(part.size for part in parts))
    pieces = [memoryview(frame + text), *(part.data for part in parts if part.size)]
    small = sum(map(len, pieces)) <= _SMALL
    return [memoryview(b"".join(pieces))] if small else pieces


def send(stream: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write one message and flush it."""
    stream.writelines(encode(header, arrays))
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read a message of one who is trusted; nothing but its form is looked at.

    Raises:
        EOFError: the other side is gone.
        ValueError: the bytes are no message.
    """
    fill = reading(stream)
    text, _ = opening(fill, header=1 << 32, body=1 << 40)
    header: dict[str, Any] = json.loads(text)
    return header, body(fill, header.pop("arrays"))


def reading(stream: IO[bytes]) -> Fill:
    """What takes bytes from a stream that waits for them."""

    def fill(view: memoryview) -> None:
        while view:
            count = stream.readinto(view)  # type: ignore[attr-defined]  # typing.IO leaves it out
            if not count:
                raise EOFError("the stream ended within a message.")
            view = view[count:]

    return fill


def opening(fill: Fill, *, header: int, body: int) -> tuple[bytes, int]:
    """The header of the next message as it came, and how many bytes of arrays follow.

    Args:
        fill: Where it comes from.
        header: How many bytes the header may have.
        body: How many bytes all arrays together may have.

    Raises:
        EOFError: the other side is gone.
        ValueError: it is no message, or a larger one; nothing more was read.
    """
    frame = bytearray(_FRAME.size)
    fill(memoryview(frame))
    mark, length, size = _FRAME.unpack(frame)
    if mark != _MARK:
        raise ValueError(f"it begins with {bytes(frame)!r}, {_MARK!r} was wanted")
    if length > header:
        raise ValueError(f"it announces a header of {length:,} bytes, at most {header:,} are read")
    if size > body:
        raise ValueError(f"it announces arrays of {size:,} bytes, at most {body:,} are read")
    text = bytearray(length)
    fill(memoryview(text))
    return bytes(text), size


def body(fill: Fill, announced: Iterable[tuple[str, str, list[int]]]) -> dict[str, Array]:
    """The arrays of a message, as its header announces them."""
    arrays = {}
    for name, dtype_name, shape in announced:
        dtype = to_dtype(dtype_name)
        data = np.empty(prod(shape) * dtype.itemsize, dtype=np.uint8)
        fill(data.data)
        arrays[name] = data.view(dtype).reshape(shape)
    return arrays


def pack(inputs: Inputs) -> tuple[dict[str, Any], dict[str, Array]]:
    """`Inputs` as header and arrays."""
    arrays = inputs.given() | {f"earlier/{i}": batch for i, batch in enumerate(inputs.earlier)}
    if inputs.mask is not None:
        arrays[MASK] = inputs.mask
    if inputs.block is not None:
        arrays |= {f"{_AROUND}{name}": array for name, array in inputs.block.arrays().items()}
    header: dict[str, Any] = {
        "eps": inputs.eps,
        "momentum": inputs.momentum,
        "training": inputs.training,
        "axis": inputs.axis,
        "memory": inputs.memory,
    }
    if inputs.block is not None:
        header["block"] = block_form.facts(inputs.block)
    return header, arrays


def unpack(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Inputs:
    """Undo `pack`."""
    axis = header["axis"]
    count = sum(name.startswith("earlier/") for name in arrays)
    return Inputs(
        **{name: arrays[name] for name in INPUT_NAMES if name in arrays},
        eps=header["eps"],
        momentum=header["momentum"],
        training=header["training"],
        axis=tuple(axis) if isinstance(axis, list) else axis,
        earlier=tuple(arrays[f"earlier/{i}"] for i in range(count)),
        memory=header["memory"],
        mask=arrays.get(MASK),
        block=_block(header, arrays),
    )


def _block(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Block | None:
    if "block" not in header:
        return None
    given = {name.removeprefix(_AROUND): a for name, a in arrays.items() if _AROUND in name}
    return block_form.built(header["block"], given)


def _numbers() -> dict[str, np.dtype[Any]]:
    """Every type of number that numpy and ml_dtypes have, by name; in either byte order."""
    own = [np.dtype(t) for t in (*"?bhilqBHILQefdgFDG", np.int64, np.uint64)]
    swapped = [dtype.newbyteorder("S") for dtype in own]
    named = (getattr(ml_dtypes, name) for name in dir(ml_dtypes))
    more = [np.dtype(t) for t in named if isinstance(t, type) and issubclass(t, np.generic)]
    return {str(dtype): dtype for dtype in (*own, *swapped, *more)}


NUMBERS = _numbers()
"""The types that an array may have: nothing with objects, texts, times or fields in it."""


@lru_cache
def is_sent(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of a type are sent: `NUMBERS` has it under its name, and no other."""
    return NUMBERS.get(name_of(dtype)) == dtype


def to_dtype(name: object) -> np.dtype[Any]:
    """The type of that name.

    Raises:
        ValueError: it is none of `NUMBERS`.
    """
    if not isinstance(name, str) or name not in NUMBERS:
        raise ValueError(f"an array has type {value(name)}, one of numbers was wanted")
    return NUMBERS[name]
