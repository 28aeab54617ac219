"""Given arrays: every form gives the call that was written, bit for bit, or says why not."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

from conformance.case import Inputs
from conformance.cases.own.forms import read
from conformance.cases.own.given import Said, from_files, from_inputs, numbered
from conformance.errors import InputError, RecipeError
from conformance.float_types import TYPES
from conformance.tests.cases.own import giving
from conformance.tests.cases.own.giving import BFLOAT16, WRITERS, call


def again(place: Path, **said: Any) -> Inputs:
    """The call that is read from a place."""
    (draft,) = from_files([place], "own", Said(**said))
    return draft.make().inputs


def same(one: Inputs, other: Inputs) -> None:
    """Hold two calls to be alike in every bit."""
    for name in ("eps", "momentum", "training", "axis", "memory"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.given().keys() == other.given().keys()
    for name, array in one.given().items():
        found = other.given()[name]
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("form", WRITERS)
def test_a_call_comes_back_as_it_was(form: str, types: str, tmp_path: Path) -> None:
    """Every form gives every type back, bfloat16 included, with eps, momentum, axis and mode."""
    name, write = WRITERS[form]
    wanted = call(types, axis=1, training=False)
    write(tmp_path / name, wanted)
    ambiguous = form == "of-a-program-npz" and "bfloat16" in types
    same(wanted, again(tmp_path / name, **({"types": types} if ambiguous else {})))


@pytest.mark.parametrize("form", [form for form in WRITERS if "raw" not in form])
def test_what_is_absent_stays_absent(form: str, tmp_path: Path) -> None:
    """A call of x alone, in training mode, over its last axis."""
    name, write = WRITERS[form]
    wanted = Inputs(x=call("float32").x, eps=0.5, axis=-1, momentum=0.25)
    write(tmp_path / name, wanted)
    same(wanted, again(tmp_path / name))


@pytest.mark.parametrize("form", ["npy", "raw", "hdf5", "of-a-program-npz"])
def test_several_axes_come_back(form: str, tmp_path: Path) -> None:
    """The axes of the per-activation mode are several numbers."""
    name, write = WRITERS[form]
    bare = call("float32", axis=(1, 2), gamma=None, beta=None, running_mean=None, running_var=None)
    write(tmp_path / name, bare)
    same(bare, again(tmp_path / name))


def test_what_is_said_beside_a_file_goes_before_what_it_says(tmp_path: Path) -> None:
    """Options say otherwise than the file, and are followed."""
    giving.write_hdf5(tmp_path / "a.h5", call("float32"))
    found = again(
        tmp_path / "a.h5", eps=1.5, momentum=-1.0, axis="NCL", mode="test", memory="strided"
    )
    assert (found.eps, found.momentum, found.axis) == (1.5, -1.0, 1)
    assert (found.mode, found.memory) == ("test", "strided")


@pytest.mark.parametrize(("text", "wanted"), [("-2", -2), ("1,2", (1, 2)), ("NLC", 2)])
def test_metadata_of_safetensors_is_text(text: str, wanted: Any, tmp_path: Path) -> None:
    """Numbers and axes are read from the texts that this format has."""
    x = {"x": call("float32").x}
    giving.safetensors(tmp_path / "a.safetensors", x, {"eps": "1e-3", "axis": text})
    found = again(tmp_path / "a.safetensors")
    assert (found.eps, found.axis) == (1e-3, wanted)


def test_other_orders_are_read_by_value(tmp_path: Path) -> None:
    """Big-endian and Fortran-ordered arrays have the same values, little-endian in C order."""
    wanted = call("float32").x
    for name, array in {"big": wanted.astype(">f4"), "fortran": np.asfortranarray(wanted)}.items():
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "x.npy", array)
        found = again(tmp_path / name, eps=1.0).x
        assert found.dtype == np.dtype("<f4")
        assert found.tobytes() == wanted.tobytes()


def test_sixteen_bits_are_bfloat16_where_it_is_said(tmp_path: Path) -> None:
    """Unsigned integers are no floats, and are read as bfloat16 only where somebody says so."""
    wanted = call("bfloat16").x
    np.savez(tmp_path / "a.npz", x=wanted.view(np.uint16))
    with pytest.raises(RecipeError, match=r"x is uint16.*--types bfloat16"):
        again(tmp_path / "a.npz", eps=1.0)
    assert again(tmp_path / "a.npz", eps=1.0, types="bfloat16").x.tobytes() == wanted.tobytes()


def test_each_file_is_a_case_of_its_name(tmp_path: Path) -> None:
    """Cases are called as their files are, in lower case, and the words say where they are from."""
    for name in ("Layer_3.h5", "first.h5"):
        giving.write_hdf5(tmp_path / name, call("float32"))
    found = from_files([tmp_path / "Layer_3.h5", tmp_path / "first.h5"], "net", Said())
    assert [draft.id for draft in found] == ["net/first", "net/layer-3"]
    assert "read from Layer_3.h5" in found[1].make().made
    giving.write_hdf5(tmp_path / "layer-3.h5", call("float32"))
    with pytest.raises(RecipeError, match="both become the case net/layer-3"):
        from_files([tmp_path / "Layer_3.h5", tmp_path / "layer-3.h5"], "net", Said())


def test_calls_of_python_are_cases() -> None:
    """Calls have their names, or their numbers in as many digits as the last one has."""
    calls = numbered([call("float32")] * 10)
    assert [*calls][:2] == ["01", "02"]
    found = from_inputs(calls, "own")
    assert [draft.id for draft in found][-1] == "own/10"
    assert found[0].make().inputs is calls["01"]
    with pytest.raises(RecipeError, match="a case is called 'A b'"):
        from_inputs({"A b": call("float32")}, "own")
    with pytest.raises(InputError, match="eps is -1"):
        from_inputs({"a": replace(call("float32"), eps=-1.0)}, "own")


def _npz(**arrays: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "a.npz", **{"eps": np.array(1.0), **arrays})
        return folder / "a.npz"

    return write


def _safe(change: Callable[[dict[str, Any]], object], tail: bytes = b"") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        head = {"x": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}
        change(head)
        text = json.dumps(head).encode()
        file = folder / "a.safetensors"
        file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16) + tail)
        return file

    return write


def _raw(**change: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        giving.write_raw(folder / "a", call("float32"))
        told = json.loads((folder / "a" / "arrays.json").read_text())
        (folder / "a" / "arrays.json").write_text(json.dumps({**told, **change}))
        return folder / "a"

    return write


def _bytes(name: str, data: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def _folder(**files: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "a").mkdir()
        for name, data in files.items():
            (folder / "a" / name.replace("_npy", ".npy")).write_bytes(data)
        return folder / "a"

    return write


def _soft_link(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as stored:
        stored["x"] = h5py.ExternalLink("/etc/passwd", "/x")
    return folder / "a.h5"


def _linked_array(folder: Path) -> Path:
    giving.write_raw(folder / "a", call("float32"))
    (folder / "a" / "x.bin").unlink()
    (folder / "a" / "x.bin").symlink_to("/etc/hostname")
    return folder / "a"


def _group(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as stored:
        stored.create_group("x")
    return folder / "a.h5"


def _huge_dataset(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as stored:
        stored.create_dataset("x", (1 << 20, 1 << 10), "f4", chunks=(64, 64))
    return folder / "a.h5"


def _member(name: str, data: bytes, packing: int = zipfile.ZIP_STORED) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "a.npz", "w", packing) as packed:
            packed.writestr(name, data)
        return folder / "a.npz"

    return write


def _head(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


X = np.ones((2, 2), np.float32)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_npz(), "it holds 'eps'; x was wanted"),
        (_npz(x=X, runing_mean=X[0]), "'runing_mean'; x was wanted, and nothing but x, dy"),
        (_npz(x=X.astype(int)), "x is int64, one of float64"),
        (_npz(x=X.astype(complex)), "x is complex128, one of float64"),
        (_npz(x=np.array([None, None])), "object, numbers were wanted"),
        (_npz(x=X, gamma=np.ones(3)), r"gamma has shape \(3,\)"),
        (_npz(x=X, dy=X.astype(float), training=np.array(2)), "the mode is"),
        (_npz(x=X, axis=np.array(2)), "axis 2 was found for x of 2 axes"),
        (_npz(x=X, axis=np.array(0.5)), "axis"),
        (_npz(x=X, eps=np.array(np.nan)), "eps is nan"),
        (_npz(x=X, eps=np.ones(2)), "eps is a list"),
        (_npz(x=X[0]), "axis 1 was found for x of 1 axes"),
        (_npz(x=X, running_mean=X[0], running_var=X[0]), "nobody says momentum.*--momentum"),
        (_bytes("a.npz", b"PK"), "gives no arrays of a call"),
        (_bytes("a.h5", b"HDF"), "gives no arrays of a call"),
        (_bytes("a.pt", b""), "a file that ends in .npz, .h5"),
        (_member("x.npy", _head("(1 << 40, 2)") + bytes(16)), "gives no arrays"),
        (_member("x.npy", _head("(1099511627776, 2)") + bytes(16)), "and has 16"),
        (_member("x.npy", _head("(2, 2)", "'<f4,<f4'") + bytes(32)), "numbers were wanted"),
        (_member("x.npy", b"\x93NUMPY\x09\x00"), "no array as numpy stores it"),
        (_member("x.npy", _head("(2, 2)") + bytes(16), zipfile.ZIP_BZIP2), "numpy does not use"),
        (_member("x", _head("(2, 2)") + bytes(16)), "the member 'x' is no array"),
        (_soft_link, "x is a link or no array"),
        (_group, "x is a link or no array"),
        (_huge_dataset, "x has 4,294,967,296 bytes, at most"),
        (_safe(lambda h: h["x"].update(dtype="I32")), "x is 'I32', one of F64"),
        (_safe(lambda h: h["x"].update(shape=[2, 3])), "24 bytes within the file"),
        (_safe(lambda h: h["x"].update(data_offsets=[16, 32])), "within the file were wanted"),
        (_safe(lambda h: h["x"].update(data_offsets=[-16, 0])), "no usable head"),
        (_safe(lambda h: h.update(y=h.pop("x"))), "it holds 'y'; x was wanted"),
        (_safe(lambda h: h.update(__metadata__={"eps": "small"})), "eps is 'small'"),
        (_bytes("a.safetensors", (1 << 40).to_bytes(8, "little")), "its head has 1,099,511"),
        (_bytes("a.safetensors", b"\x02\0\0\0\0\0\0\0[]"), "no usable head"),
        (_bytes("a.safetensors", b""), "its head has 0 bytes, the file has 0"),
        (_raw(arrays={}), "no usable arrays.json"),
        (_raw(arrays={"x": {"shape": [4, 4], "type": "float32"}}), "x.bin has 96 bytes, 64 were"),
        (_raw(arrays={"x": {"shape": [4], "type": "int8"}}), "no usable arrays.json"),
        (_raw(mode="eval"), "no usable arrays.json"),
        (_raw(axis=3), "axis 3 was found"),
        (_linked_array, "x.bin is a link, a pipe or a folder"),
        (_folder(), "it holds nothing; .npy files"),
        (_folder(notes=b""), "it holds notes; .npy files"),
        (_folder(x_npy=b"\x93NUMPY"), "no array as numpy stores it"),
        (_folder(x_npy=_head("(2, 2)") + bytes(12)), "16 bytes, and has 12"),
        (_folder(**{"call.txt": b"eps 1\n"}), "gives no arrays of a call"),
        (_folder(**{"call.txt": b"\n"}), "gives no arrays of a call"),
        (lambda folder: folder / "absent.npz", "No such file"),
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused(
    write: Callable[[Path], Path], message: str, tmp_path: Path
) -> None:
    """A damaged, hostile or incomplete file is told by its name, with what was wanted."""
    place = write(tmp_path)
    with pytest.raises(RecipeError, match=message) as caught:
        again(place)
    assert str(place) in str(caught.value)


def test_nobody_guesses_eps(tmp_path: Path) -> None:
    """Where neither file nor option says eps, it is asked for."""
    np.savez(tmp_path / "a.npz", x=X)
    with pytest.raises(RecipeError, match=r"nobody says eps.*--eps"):
        again(tmp_path / "a.npz")


@pytest.mark.parametrize("types", ["float64", "bfloat16"])
def test_nothing_is_converted(types: str, tmp_path: Path) -> None:
    """Another type than that of the array is refused, not made."""
    np.savez(tmp_path / "a.npz", x=X)
    with pytest.raises(RecipeError, match=r"x is float32, and .*Nothing is converted"):
        again(tmp_path / "a.npz", eps=1.0, types=types)


def test_bfloat16_of_numpy_needs_no_word(tmp_path: Path) -> None:
    """Two bytes of no type, as numpy stores bfloat16, are bfloat16."""
    np.savez(tmp_path / "a.npz", x=X.astype(BFLOAT16))
    assert read(tmp_path / "a.npz").arrays["x"].dtype.kind == "V"
    assert again(tmp_path / "a.npz", eps=1.0).x.dtype == BFLOAT16
