"""The arrays of a call, written in every form in which a person may give them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import ml_dtypes
import numpy as np

from conformance.case import Array, Inputs
from conformance.cases.golden import floats
from conformance.harness.kernels.exchange import FORMS as OF_PROGRAMS

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
SAFE = {"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def call(types: str, **given: Any) -> Inputs:
    """A call with everything given, of three axes, the channel axis in the middle."""
    x_type, _, parameter_type = types.partition("+")

    def array(shape: tuple[int, ...], kind: str, start: int) -> Array:
        numbers = np.arange(start, start + int(np.prod(shape))) / 7
        numbers *= (-1.0) ** np.arange(numbers.size)
        return numbers.reshape(shape).astype(BFLOAT16 if kind == "bfloat16" else kind)

    kind = parameter_type or x_type
    arrays = {"x": array((4, 3, 2), x_type, 1), "dy": array((4, 3, 2), x_type, 5)}
    for start, name in enumerate(("gamma", "beta", "running_mean", "running_var"), start=2):
        arrays[name] = abs(array((3,), kind, start))
    return Inputs(**{**arrays, "eps": 0.25, "momentum": 0.75, **given})


def said(inputs: Inputs) -> dict[str, Any]:
    """What is said beside the arrays."""
    numbers = {"eps": inputs.eps, "momentum": inputs.momentum}
    return {**numbers, "axis": inputs.axis, "mode": inputs.mode}


def write_npy(folder: Path, inputs: Inputs) -> None:
    """A folder of .npy files, and the scalars in such files too."""
    folder.mkdir()
    for name, array in {**inputs.given(), **_numbers(inputs)}.items():
        np.save(folder / f"{name}.npy", array)


def _numbers(inputs: Inputs) -> dict[str, Array]:
    numbers = {"eps": inputs.eps, "momentum": inputs.momentum, "axis": inputs.axis}
    return {n: np.array(v) for n, v in {**numbers, "training": int(inputs.training)}.items()}


def write_raw(folder: Path, inputs: Inputs, ending: str = ".bin") -> None:
    """A folder of raw values and arrays.json."""
    folder.mkdir()
    told = {n: {"shape": a.shape, "type": str(a.dtype)} for n, a in inputs.given().items()}
    (folder / "arrays.json").write_text(json.dumps({"arrays": told, **said(inputs)}))
    for name, array in inputs.given().items():
        (folder / f"{name}{ending}").write_bytes(array.tobytes())


def write_safetensors(file: Path, inputs: Inputs) -> None:
    """A safetensors file, as its format says."""
    safetensors(file, inputs.given(), {name: str(value) for name, value in said(inputs).items()})


def safetensors(file: Path, arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Any arrays as a safetensors file."""
    head: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name, array in arrays.items():
        offsets = [len(data), len(data) + array.nbytes]
        dtype = SAFE[str(array.dtype)]
        head[name] = {"dtype": dtype, "shape": [*array.shape], "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)


def write_hdf5(file: Path, inputs: Inputs) -> None:
    """An HDF5 file with datasets of the golden files' types, and attributes."""
    with h5py.File(file, "w") as stored:
        for name, value in said(inputs).items():
            stored.attrs[name] = value
        for name, array in inputs.given().items():
            kind = floats.STORED[str(array.dtype)]
            space = h5py.h5s.create_simple(array.shape)
            made = h5py.h5d.create(stored.id, name.encode(), kind, space)
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, floats.bits(array), kind)


WRITERS: Mapping[str, tuple[str, Callable[[Path, Inputs], None]]] = {
    "npy": ("layer", write_npy),
    "raw": ("layer", write_raw),
    "safetensors": ("layer.safetensors", write_safetensors),
    "hdf5": ("layer.h5", write_hdf5),
    "of-a-program-raw": ("layer", OF_PROGRAMS["raw"].write),
    "of-a-program-npz": ("layer.npz", OF_PROGRAMS["npz"].write),
    "of-a-program-hdf5": ("layer.hdf5", OF_PROGRAMS["hdf5"].write),
}
"""Every form: the name of a file or folder, and what writes it."""
