"""Arrays in other people's files: what a file says is held against how large it is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from conformance.array_files import npy, npz, npz_sizes, regular_size


def stored(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    """An array as numpy stores it."""
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("packed", [np.savez, np.savez_compressed])
def test_an_npz_file_is_read_as_numpy_does(packed: object, tmp_path: Path) -> None:
    """Packed or not, every array has the values, type and shape that numpy's own loader gives."""
    arrays = {
        "a": np.arange(6, dtype=">f8").reshape(2, 3),
        "b": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(3, 2)),
        "c": np.array(0.5),
        "d": np.zeros((0, 4), np.float16),
        "e": np.array([True, False]),
    }
    assert callable(packed)
    packed(tmp_path / "a.npz", **arrays)
    found, wanted = npz(tmp_path / "a.npz"), np.load(tmp_path / "a.npz")
    assert [*found] == [*npz_sizes(tmp_path / "a.npz")] == [*wanted]
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name], strict=True)


def test_sizes_are_told_before_anything_is_unpacked(tmp_path: Path) -> None:
    """What a member takes unpacked is known from the list of the file alone."""
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(1 << 20))
    assert npz_sizes(tmp_path / "a.npz")["x"] == len(stored(np.zeros(1 << 20)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Nobody knows which of two arrays of one name is meant."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as packed:
        packed.writestr("x.npy", stored(np.zeros(2)))
        packed.writestr("x.npy", stored(np.ones(2)))
    with pytest.raises(ValueError, match="is there twice"):
        npz(tmp_path / "a.npz")


@pytest.mark.parametrize("change", [-1, 1, 8])
def test_an_array_that_has_other_bytes_than_it_says_is_refused(change: int) -> None:
    """Too few and too many bytes are told with both numbers."""
    data = stored(np.zeros((2, 2)))
    data = data[:change] if change < 0 else data + bytes(change)
    with pytest.raises(ValueError, match=f"x says float64 .* 32 bytes, and has {32 + change}"):
        npy(io.BytesIO(data), len(data), "x")


@pytest.mark.parametrize(
    "array", [np.array([None]), np.array(["a"]), np.zeros(2, "f4,f4"), np.zeros(2, "M8[s]")]
)
def test_what_is_no_number_is_refused(
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> None:
    """Objects, which numpy would unpickle, texts, records and dates are no arrays of a call."""
    data = stored(array)
    with pytest.raises(ValueError, match="numbers were wanted; no pickle is ever loaded"):
        npy(io.BytesIO(data), len(data), "x")


def test_a_link_is_no_file_of_its_own(tmp_path: Path) -> None:
    """A link, which may lead anywhere, and a folder are refused."""
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").symlink_to("a")
    assert regular_size(tmp_path / "a") == 3
    for name in ("b", "."):
        with pytest.raises(ValueError, match="a regular file was wanted"):
            regular_size(tmp_path / name)
