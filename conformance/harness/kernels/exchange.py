"""The files between the suite and a program: a folder of raw arrays, one npz or one HDF5 file.

Each holds the arrays of a call, or its outputs, under their names, C-contiguous and little-endian.
The scalars are lines of ``call.txt`` in a folder, and arrays of rank 0 in a file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import ml_dtypes
import numpy as np

from conformance.array_files import hdf5_array, npz, npz_sizes, regular_size
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Array, Inputs
from conformance.documents import read_bytes
from conformance.errors import AdapterError, Unsupported
from conformance.harness import allowance
from conformance.printable import cut

_MOST_NAMES = 64
"""How many outputs are looked at; there are fewer names."""

_HEADER = 1 << 12
"""Bytes of what a file says of an array beside its values."""

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a call and to read outputs.

    Attributes:
        write: Writes a call to a path that does not exist yet.
        read: Reads the outputs of a call from a path.
        is_folder: Whether the path of the outputs is a folder, made beforehand.
    """

    write: Callable[[Path, Inputs], None]
    read: Callable[[Path, Inputs], Actual]
    is_folder: bool


def _arrays(inputs: Inputs) -> dict[str, Array]:
    return {name: np.array(array, order="C") for name, array in inputs.given().items()}


def _scalars(inputs: Inputs) -> dict[str, Array]:
    return {
        "eps": np.array(inputs.eps, dtype="<f8"),
        "momentum": np.array(inputs.momentum, dtype="<f8"),
        "training": np.array(int(inputs.training), dtype="<i8"),
        "axis": np.array(inputs.axis, dtype="<i8"),
    }


def _write_folder(folder: Path, inputs: Inputs) -> None:
    if isinstance(inputs.axis, tuple):
        raise Unsupported("no per-activation mode in this form")
    (axis,) = inputs.channel_axes
    shape = inputs.x.shape
    lines = {
        "dtype": inputs.x.dtype,
        "parameter_dtype": inputs.parameter_dtype,
        "outer": math.prod(shape[:axis]),
        "channels": shape[axis],
        "inner": math.prod(shape[axis + 1 :]),
        "training": int(inputs.training),
        "eps": repr(inputs.eps),
        "momentum": repr(inputs.momentum),
        "shape": ",".join(map(str, shape)),
        "axis": axis,
    }
    folder.mkdir()
    text = "".join(f"{name} {value}\n" for name, value in lines.items())
    (folder / "call.txt").write_text(text, encoding="ascii")
    for name, array in _arrays(inputs).items():
        (folder / name).write_bytes(array.tobytes())


def _read_folder(folder: Path, inputs: Inputs) -> Actual:
    names = sorted(file.name for file in islice(folder.iterdir(), _MOST_NAMES))
    _check_names(names)
    return {name: _raw(folder / name, inputs) for name in names}


def _raw(file: Path, inputs: Inputs) -> Array:
    """An output of raw values: its shape and type are what the call says."""
    dtype, shape = inputs.dtype_of(file.name), inputs.shape_of(file.name)
    wanted = math.prod(shape) * dtype.itemsize
    found = regular_size(file)
    if found != wanted:
        raise ValueError(
            f"{file.name} has {found} bytes, {wanted} were wanted: {dtype} of shape {shape}"
        )
    data = read_bytes(file, wanted)
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _write_npz(file: Path, inputs: Inputs) -> None:
    arrays = _arrays(inputs) | _scalars(inputs)
    with file.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # its stub takes them for an option


def _read_npz(file: Path, inputs: Inputs) -> Actual:
    sizes = npz_sizes(file)
    _require_room([size + _HEADER for size in sizes.values()], inputs)
    _check_names(list(sizes))
    return {name: _typed(array, inputs) for name, array in npz(file).items()}


def _write_hdf5(file: Path, inputs: Inputs) -> None:
    # Takes 20 ms of every worker, and this form alone needs it.
    import h5py  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types

    arrays = _arrays(inputs) | _scalars(inputs)
    with h5py.File(file, "w") as stored:
        for name, array in arrays.items():
            half = array.dtype == _BFLOAT16
            made = stored.create_dataset(name, data=array.view(np.uint16) if half else array)
            if half:
                made.attrs["dtype"] = "bfloat16"


def _read_hdf5(file: Path, inputs: Inputs) -> Actual:
    import h5py  # noqa: PLC0415 - the same

    regular_size(file)
    with h5py.File(file, "r") as stored:
        names = list(islice(stored, _MOST_NAMES))
        _check_names(names)
        arrays = {name: hdf5_array(stored, name) for name in names}
        _require_room([array.nbytes for array in arrays.values()], inputs)
        return {name: _typed(np.asarray(array[()]), inputs) for name, array in arrays.items()}


def _require_room(sizes: list[int], inputs: Inputs) -> None:
    """Refuse more than a call can have for an answer, before it is unpacked."""
    most = allowance.nbytes(inputs, repeat=False) + _MOST_NAMES * _HEADER
    if len(sizes) > _MOST_NAMES or sum(sizes) > most:
        raise ValueError(
            f"{len(sizes)} arrays have {sum(sizes):,} bytes, at most {most:,} in {_MOST_NAMES} "
            "were wanted"
        )


def _typed(array: Array, inputs: Inputs) -> Array:
    """bfloat16 has no name in these files: two bytes that are no float16 are one."""
    bare = array.dtype.kind in "Vu" and array.dtype.itemsize == _BFLOAT16.itemsize
    if bare and _BFLOAT16 in (inputs.x.dtype, inputs.parameter_dtype):
        return array.view(_BFLOAT16)
    return array


def _check_names(names: list[str]) -> None:
    stray = [name for name in names if name not in OUTPUT_NAMES]
    if stray:
        raise AdapterError(
            f"the program wrote {cut(', '.join(stray), 200)}; the outputs are "
            f"{', '.join(OUTPUT_NAMES)}. Rename or leave out."
        )


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "raw": Form(_write_folder, _read_folder, is_folder=True),
        "npz": Form(_write_npz, _read_npz, is_folder=False),
        "hdf5": Form(_write_hdf5, _read_hdf5, is_folder=False),
    }
)
"""Every form by its name."""
