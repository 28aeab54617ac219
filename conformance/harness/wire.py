"""Messages between a run and its worker: a JSON header and raw arrays, nothing executable.

A message is an 8-byte big-endian length, a JSON header of that length, then the bytes of the
arrays that the header announces, in order, C-contiguous and in native byte order.  How they are to
lie in memory travels as a word in the header; `conformance.memory` lays them out on arrival.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import IO, Any

import ml_dtypes
import numpy as np

from conformance.arrays import INPUT_NAMES
from conformance.case import Array, Inputs

_LENGTH_BYTES = 8
_LARGEST = 1 << 32


AGAIN = "again/"
"""How the names of the outputs of a repeated call begin, where they differ from the first."""


def send(stream: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write one message and flush it."""
    announced = [[name, str(a.dtype), list(a.shape)] for name, a in arrays.items()]
    text = json.dumps({**header, "arrays": announced}).encode()
    stream.write(len(text).to_bytes(_LENGTH_BYTES, "big") + text)
    stream.writelines(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read one message.

    Raises:
        EOFError: the other side is gone.
        ValueError: the bytes are no message.
    """
    header = json.loads(_exactly(stream, int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")))
    arrays = {}
    for name, dtype_name, shape in header.pop("arrays"):
        dtype = to_dtype(dtype_name)
        data = _exactly(stream, prod(shape) * dtype.itemsize)
        arrays[name] = np.frombuffer(data, dtype=dtype).reshape(shape).copy()
    return header, arrays


def pack(inputs: Inputs) -> tuple[dict[str, Any], dict[str, Array]]:
    """`Inputs` as header and arrays."""
    arrays = inputs.given() | {f"earlier/{i}": batch for i, batch in enumerate(inputs.earlier)}
    header = {
        "eps": inputs.eps,
        "momentum": inputs.momentum,
        "training": inputs.training,
        "axis": inputs.axis,
        "memory": inputs.memory,
    }
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
    )


def to_dtype(name: str) -> np.dtype[Any]:
    """The numpy or ml_dtypes type of that name."""
    return np.dtype(getattr(ml_dtypes, name, name))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    if size > _LARGEST:
        raise ValueError(f"a message announces {size} bytes, at most {_LARGEST} are read.")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"the stream ended after {len(data)} of {size} bytes.")
    return data
