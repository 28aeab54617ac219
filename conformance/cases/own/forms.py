"""The forms in which a person may give the arrays of a call: what is read of each, and no more.

Every form holds arrays under the names of `conformance.arrays.INPUT_NAMES`, and may say eps,
momentum, axis and mode.  Nothing is converted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np

from conformance import documents
from conformance.array_files import SAFETENSORS, hdf5_array, npy, npz, npz_sizes, regular_size
from conformance.arrays import INPUT_NAMES, LIKE_X
from conformance.case import Array
from conformance.cases.golden.content import CAP
from conformance.errors import RecipeError
from conformance.float_types import FLOAT_TYPES, dtype_of
from conformance.printable import cut, value

SCALARS = ("eps", "momentum", "axis", "mode", "training")
"""What is said beside the arrays; ``training`` is how the suite's own files say the mode."""

RAW = "arrays.json"
"""The file of a folder of raw arrays that says what the others hold."""

CALL = "call.txt"
"""The same where the suite itself wrote the call, for a program."""

_CALL_SCALARS = ("eps", "momentum", "training")

_HEAD = 1 << 16

_MOST = 64
"""Entries of a file or folder that are looked at; there are fewer names."""

_SAFE = {short: name for name, short in SAFETENSORS.items()}
_BFLOAT16 = dtype_of("bfloat16")


@dataclass(slots=True)
class Read:
    """What a file or folder holds.

    Attributes:
        arrays: The arrays by name; two bytes of no type are ``V2`` or ``uint16`` still.
        said: What is said of `SCALARS`.
    """

    arrays: dict[str, Array] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)


def read(place: Path) -> Read:
    """The arrays of a call that lie in a file or a folder.

    Args:
        place: ``.npz``, ``.h5`` or ``.hdf5``, ``.safetensors``, a folder of ``.npy`` files, or
            one of raw values with `RAW` or the ``call.txt`` that programs are given.

    Raises:
        RecipeError: it is of no such form, or not what the form wants.
    """
    reader = _folder if place.is_dir() else _FORMS.get(place.suffix.lower())
    if reader is None:
        raise RecipeError(
            f"{place} was found, a file that ends in {', '.join(_FORMS)} or a folder of .npy files "
            f"or of raw arrays with {RAW} was wanted. Convert it."
        )
    try:
        return reader(place)
    except (ValueError, OSError, KeyError, MemoryError) as error:
        said = cut(str(error.strerror if isinstance(error, OSError) else error), 400)
        raise RecipeError(
            f"{place} gives no arrays of a call: {said or repr(error)}. "
            "docs/fixtures.md says what every form holds."
        ) from error


def _npz(file: Path) -> Read:
    sizes = npz_sizes(file)
    _require_known(sizes)
    _require_room(sizes)
    return _parted(npz(file))


def _parted(arrays: Mapping[str, Array]) -> Read:
    """Arrays and, of rank 0, what is said beside them."""
    said = {name: array.tolist() for name, array in arrays.items() if name in SCALARS}
    return Read({n: array for n, array in arrays.items() if n not in SCALARS}, said)


def _hdf5(file: Path) -> Read:
    import h5py  # type: ignore[import-untyped]  # noqa: PLC0415 - the other forms do without

    regular_size(file)
    with h5py.File(file, "r") as stored:
        names = list(islice(stored, _MOST + 1))
        _require_known(names)
        held = {name: hdf5_array(stored, name) for name in names}
        _require_room({name: int(array.nbytes) for name, array in held.items()})
        found = _parted({name: _hdf5_values(array) for name, array in held.items()})
        for name in SCALARS:
            if name in stored.attrs:
                found.said[name] = _plain(stored.attrs[name])
    return found


def _hdf5_values(stored: Any) -> Array:
    from h5py import h5s  # noqa: PLC0415 - the other forms do without

    from conformance.cases.golden import floats  # noqa: PLC0415 - the same

    kind = floats.name_of(stored.id.get_type())
    if kind is None:
        values = np.asarray(stored[()])
        named = stored.attrs.get("dtype") == "bfloat16" and values.dtype == np.uint16
        return values.view(_BFLOAT16) if named else values
    array = np.empty(stored.shape, dtype_of(kind))  # h5py itself would make bfloat16 float32
    if array.size:
        stored.id.read(h5s.ALL, h5s.ALL, floats.bits(array), floats.STORED[kind])
    return array


def _plain(said: Any) -> Any:
    """An attribute as Python has it."""
    found = said.tolist() if isinstance(said, np.ndarray | np.generic) else said
    return found.decode() if isinstance(found, bytes) else found


def _safetensors(file: Path) -> Read:
    size = regular_size(file)
    with documents.opened(file) as stream:
        length = int.from_bytes(stream.read(8), "little")
        start = 8 + length
        if start > size:
            raise ValueError(f"its head has {length:,} bytes, the file has {size:,}")
        head = documents.parse(stream.read(length), "safetensors", str(file))
        said = {n: v for n, v in head.pop("__metadata__", {}).items() if n in SCALARS}
        _require_known(head)
        arrays = {name: _tensor(stream, name, told, start, size) for name, told in head.items()}
    return Read(arrays, said)


def _tensor(stream: BinaryIO, name: str, told: Mapping[str, Any], start: int, size: int) -> Array:
    if told["dtype"] not in _SAFE:
        raise ValueError(f"{name} is {value(told['dtype'])}, one of {', '.join(_SAFE)} was wanted")
    dtype, (begin, end) = dtype_of(_SAFE[told["dtype"]]), told["data_offsets"]
    wanted = math.prod(told["shape"]) * dtype.itemsize
    if end - begin != wanted or start + end > size:
        raise ValueError(
            f"{name} of shape {told['shape']} is {told['dtype']} at bytes {begin:,} to {end:,}: "
            f"{wanted:,} bytes within the file were wanted"
        )
    _require_room({name: wanted})
    stream.seek(start + begin)
    return np.frombuffer(stream.read(wanted), dtype).reshape(told["shape"])


def _folder(folder: Path) -> Read:
    names = sorted(entry.name for entry in islice(folder.iterdir(), _MOST + 1))
    for told, reader in ((RAW, _raw), (CALL, _program_call)):
        if told in names:
            return reader(folder)
    arrays = {}
    for name in (name for name in names if name.endswith(".npy")):
        file = folder / name
        size = regular_size(file)
        _require_room({name: size})
        with documents.opened(file) as stream:
            arrays[file.stem] = npy(stream, size, file.stem)
    if not arrays:
        raise ValueError(
            f"it holds {cut(', '.join(names), 200) or 'nothing'}; .npy files, or raw arrays and "
            f"{RAW}, were wanted"
        )
    _require_known(arrays)
    return _parted(arrays)


def _raw(folder: Path) -> Read:
    said = documents.read(folder / RAW, "raw-arrays")
    told = said.pop("arrays")
    return Read({n: _raw_values(folder, n, t["type"], t["shape"]) for n, t in told.items()}, said)


def _program_call(folder: Path) -> Read:
    """The folder that a program of the form ``exec+raw`` is given; see docs/protocol.md."""
    lines = documents.read_text(folder / CALL, _HEAD).splitlines()
    said: dict[str, Any] = dict(line.split(" ", maxsplit=1) for line in lines)
    shape, axis = [int(size) for size in said["shape"].split(",")], int(said["axis"])
    arrays = {}
    for name in (name for name in INPUT_NAMES if (folder / name).exists()):
        like_x = name in LIKE_X
        kind = said["dtype" if like_x else "parameter_dtype"]
        if kind not in FLOAT_TYPES:
            raise ValueError(f"{CALL} says {value(kind)}, one of {', '.join(FLOAT_TYPES)} wanted")
        arrays[name] = _raw_values(folder, name, kind, shape if like_x else [shape[axis]])
    _require_known(arrays)
    return Read(arrays, {**{name: said[name] for name in _CALL_SCALARS}, "axis": axis})


def _raw_values(folder: Path, name: str, kind: str, sizes: list[int]) -> Array:
    dtype, shape = dtype_of(kind), tuple(sizes)
    file = next((f for f in (folder / name, folder / f"{name}.bin") if f.exists()), folder / name)
    wanted, found = math.prod(shape) * dtype.itemsize, regular_size(file)
    if found != wanted:
        raise ValueError(
            f"{file.name} has {found:,} bytes, {wanted:,} were wanted: {dtype} of shape {shape}"
        )
    _require_room({name: wanted})
    return np.frombuffer(documents.read_bytes(file, wanted), dtype).reshape(shape)


def _require_known(names: Iterable[str]) -> None:
    listed = list(names)
    strays = [name for name in listed if name not in (*INPUT_NAMES, *SCALARS)]
    if strays or "x" not in listed:
        raise ValueError(
            f"it holds {cut(', '.join(map(value, listed)), 200) or 'nothing'}; x was wanted, and "
            f"nothing but {', '.join((*INPUT_NAMES, *SCALARS))}"
        )


def _require_room(sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if size > CAP:
            raise ValueError(f"{name} has {size:,} bytes, at most {CAP:,} were wanted")


_FORMS: Mapping[str, Callable[[Path], Read]] = MappingProxyType(
    {".npz": _npz, ".h5": _hdf5, ".hdf5": _hdf5, ".safetensors": _safetensors}
)
"""Every form that is a file, by the end of its name."""
