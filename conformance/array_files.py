"""Arrays in files that others wrote: bounded before they are read, and never more than arrays.

A file may say of itself what is not so.  What it says is held against how large it is, and nothing
in it is run, linked or unpacked beyond that.  Every refusal is a `ValueError` that says why.
"""

from __future__ import annotations

import math
import stat
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from conformance.case import Array
from conformance.printable import cut, value

if TYPE_CHECKING:
    import h5py  # type: ignore[import-untyped]  # it has no types

_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How members may be packed: what others unpack to is not bounded by what they say."""

_NPY = ".npy"

SAFETENSORS = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}
"""Types as the heads of safetensors files call them."""


def regular_size(file: Path) -> int:
    """How many bytes a file has; what is no file of its own would be read without end, or twice.

    Raises:
        ValueError: it is none.
    """
    facts = file.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError(f"{file.name} is a link, a pipe or a folder, a regular file was wanted")
    return facts.st_size


def npz_sizes(file: Path) -> dict[str, int]:
    """How many bytes each array of an npz file takes, by its name, before any of them is read.

    Raises:
        ValueError: it is no npz file.
    """
    regular_size(file)
    try:
        with zipfile.ZipFile(file) as packed:
            return {each.filename.removesuffix(_NPY): each.file_size for each in packed.infolist()}
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error


def npz(file: Path) -> dict[str, Array]:
    """The arrays of an npz file; whoever calls has looked at their sizes.

    Raises:
        ValueError: a member is no array, or its bytes are not those of one.
    """
    found: dict[str, Array] = {}
    try:
        with zipfile.ZipFile(file) as packed:
            for each in packed.infolist():
                name = each.filename.removesuffix(_NPY)
                if each.compress_type not in _PACKED or name == each.filename or name in found:
                    raise ValueError(
                        f"the member {value(each.filename)} is no array, is there twice, or is "
                        "packed in a way that numpy does not use"
                    )
                with packed.open(each) as stream:
                    found[name] = npy(stream, each.file_size, name)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{cut(str(error), 200)}") from error
    return found


def npy(stream: IO[bytes], size: int, name: str) -> Array:
    """The array of numbers in numpy's own format that fills `size` bytes of a stream.

    Two bytes of no type, which is how numpy stores bfloat16, come as such (``V2``).

    Raises:
        ValueError: it is no array of numbers, or has other bytes than it says.
    """
    shape, fortran, dtype, head = _npy_head(stream, name)
    if dtype.hasobject or dtype.kind not in "fiubcV" or dtype.fields or dtype.subdtype:
        raise ValueError(f"{name} holds {dtype}, numbers were wanted; no pickle is ever loaded")
    wanted = math.prod(shape) * dtype.itemsize
    if head + wanted != size:
        raise ValueError(
            f"{name} says {dtype} of shape {shape}, {wanted:,} bytes, and has {size - head:,}"
        )
    data = stream.read(wanted)
    if len(data) != wanted:
        raise ValueError(f"{name} ends after {len(data):,} of {wanted:,} bytes")
    array = np.frombuffer(data, dtype)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _npy_head(stream: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[np.void], int]:
    heads = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        version = np.lib.format.read_magic(stream)
        if version not in heads:
            raise ValueError(f"it has version {version}")  # noqa: TRY301 - completed below
        shape, fortran, dtype = heads[version](stream)
    except (ValueError, SyntaxError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{name} is no array as numpy stores it: {cut(str(error), 200)}"
        ) from error
    return shape, fortran, dtype, stream.tell()


def hdf5_array(stored: h5py.File, name: str) -> h5py.Dataset:
    """An array whose values lie in this file, before any of them is read.

    Raises:
        ValueError: it is a link to elsewhere, or no array.
    """
    import h5py  # noqa: PLC0415 - takes 20 ms of every worker, and this form alone needs it

    found = stored[name] if stored.get(name, getlink=True, getclass=True) is h5py.HardLink else None
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise ValueError(f"{name} is a link or no array, one in the file itself was wanted")
    return found
