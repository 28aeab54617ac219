"""Hostile files: HDF5 objects that are not plain data are refused before they are read.

Each test spoils one object of a good file and forges the manifest to match, so that nothing
but the look at the object itself stands between the file and the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

from conformance.cases.golden import hdf5, plain
from conformance.errors import GoldenFileError
from conformance.tests.cases.golden.sealing import seal

ID = "dense/float64"
SECRET = "of another file"  # noqa: S105 - a bait
SHAPE = (4, 3)


def remake(group: h5py.Group, name: str, **options: object) -> None:
    """Put another dataset in the place of `name`."""
    del group[name]
    group.create_dataset(name, **{"shape": SHAPE, "dtype": "<f8", **options})


def compact(group: h5py.Group) -> None:
    """Store x inside its own header."""
    del group["x"]
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_layout(h5d.COMPACT)
    made = h5d.create(group.id, b"x", h5t.IEEE_F64LE, h5s.create_simple(SHAPE), plan)
    made.write(h5s.ALL, h5s.ALL, np.zeros(SHAPE))


def virtual(group: h5py.Group) -> None:
    """Map x to a file that does not exist: it would read as zeros."""
    del group["x"]
    layout = h5py.VirtualLayout(shape=SHAPE, dtype="<f8")
    layout[:] = h5py.VirtualSource("missing.h5", "x", shape=SHAPE)
    group.create_virtual_dataset("x", layout)


def replaced(name: str, value: object) -> Callable[[h5py.Group], None]:
    """Put a link, a group or a type in the place of `name`."""

    def spoil(group: h5py.Group) -> None:
        del group[name]
        group[name] = value

    return spoil


def grown(group: h5py.Group) -> None:
    """Claim two gigabytes in a hundred bytes, all of them fill value."""
    remake(group, "x", shape=(2**28,), fillvalue=7.0)


def unwritten(group: h5py.Group) -> None:
    """Claim values that were never stored."""
    remake(group, "x", fillvalue=7.0)


def outside(group: h5py.Group) -> None:
    """Take the values of x from any file that the reader may open."""
    secret = Path(group.file.filename).with_name(SECRET)
    secret.write_bytes(bytes(96))
    remake(group, "x", external=[(str(secret), 0, 96)])


def overfull(group: h5py.Group) -> None:
    """Fill a group with members."""
    for at in range(100):
        group.create_group(f"g{at}")


def attribute(name: str, value: object) -> Callable[[h5py.Group], None]:
    """Give the case another attribute."""

    def spoil(group: h5py.Group) -> None:
        group.attrs[name] = value

    return spoil


def text(name: str, value: bytes) -> Callable[[h5py.Group], None]:
    """Give the case another text, of the kind that texts have."""
    kind = h5py.string_dtype("utf-8", len(value))
    return lambda group: group.attrs.create(name, value, dtype=kind)


def texts(length: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bytes_]]:
    """Fixed-length UTF-8 texts."""
    return np.zeros(length, h5py.string_dtype("utf-8", 4))


def whole_case(value: object) -> Callable[[h5py.Group], None]:
    """Replace the group of the case."""
    return lambda group: replaced(group.name, value)(group.parent)


HOSTILE: dict[str, tuple[Callable[[h5py.Group], None], str]] = {
    "soft link": (replaced("x", h5py.SoftLink("/dense/dy")), "'x' is a soft link"),
    "dangling soft link": (replaced("dy", h5py.SoftLink("/nowhere")), "'dy' is a soft link"),
    "external link": (replaced("x", h5py.ExternalLink("a.h5", "/x")), "'x' is an external link"),
    "linked outputs": (replaced("expected", h5py.SoftLink("/")), "'expected' is a soft link"),
    "linked case": (whole_case(h5py.SoftLink("/float16")), "'float64' is a soft link"),
    "external case": (whole_case(h5py.ExternalLink("a", "/")), "'float64' is an external link"),
    "chunked": (lambda g: remake(g, "x", chunks=(2, 3)), "'x' is chunked"),
    "resizable": (lambda g: remake(g, "x", maxshape=(None, 3)), "'x' can be resized"),
    "compressed": (lambda g: remake(g, "x", compression="gzip"), "'x' is chunked"),
    "checksummed": (lambda g: remake(g, "x", fletcher32=True), "'x' is chunked"),
    "external storage": (outside, "'x' lies in external files"),
    "virtual": (virtual, "'x' is virtual"),
    "compact": (compact, "'x' is compact"),
    "grown by fill value": (grown, "'x' has 2147483648 bytes"),
    "never written": (unwritten, "'x' stores 0 bytes, 96 were wanted"),
    "big-endian": (lambda g: remake(g, "x", dtype=">f8"), "big-endian float"),
    "integers": (lambda g: remake(g, "x", dtype="<i8"), "'x' holds integer"),
    "long doubles": (lambda g: remake(g, "x", dtype=np.longdouble), "'x' holds float"),
    "variable strings": (lambda g: remake(g, "x", dtype=h5py.string_dtype()), "'x' holds string"),
    "fixed strings": (lambda g: remake(g, "x", dtype="S8"), "'x' holds string"),
    "compound": (lambda g: remake(g, "x", dtype=[("a", "<f8")]), "'x' holds compound"),
    "ragged": (lambda g: remake(g, "x", dtype=h5py.vlen_dtype(float)), "'x' holds vlen"),
    "references": (lambda g: remake(g, "x", dtype=h5py.ref_dtype), "'x' holds reference"),
    "opaque": (lambda g: remake(g, "x", dtype="V8"), "'x' holds opaque"),
    "complex": (lambda g: remake(g, "x", dtype="<c16"), "'x' holds comp"),
    "null space": (replaced("x", h5py.Empty("<f8")), "'x' is no array"),
    "rank 7": (lambda g: remake(g, "x", shape=(1,) * 7), "at most 6 axes"),
    "scalar": (replaced("x", 1.0), "'x' is no array"),
    "group for a dataset": (lambda g: replaced("x", g["expected"])(g), "a dataset was wanted"),
    "dataset for a group": (lambda g: replaced("expected", g["x"])(g), "a group was wanted"),
    "type for a dataset": (replaced("x", np.dtype("<f8")), "a dataset was wanted"),
    "type for a case": (whole_case(np.dtype("<f8")), "a group was wanted"),
    "cycle": (lambda g: replaced("expected", g)(g), "outputs .* are due"),
    "case is gone": (lambda g: g.parent.__delitem__("float64"), "'float64' is absent"),
    "x is gone": (lambda g: g.__delitem__("x"), "it holds .* were wanted"),
    "input is gone": (lambda g: g.__delitem__("beta"), "has digest"),
    "output is gone": (lambda g: g["expected"].__delitem__("y"), "outputs .* are due"),
    "stranger among inputs": (lambda g: g.create_group("z"), "it holds .*'z'"),
    "stranger among outputs": (lambda g: g["expected"].create_group("z"), "outputs .*'z'"),
    "overfull": (overfull, "107 members, at most 32"),
    "attribute is gone": (lambda g: g.attrs.__delitem__("eps"), "'eps' is absent"),
    "text for a number": (attribute("eps", "1e-5"), "'eps' holds string"),
    "float32 for a number": (attribute("eps", np.float32(1e-5)), "'eps' holds float"),
    "numbers for a number": (attribute("eps", np.ones(2)), r"of shape \(2,\)"),
    "number for a text": (attribute("made", 1.0), "'made' holds float"),
    "variable text": (attribute("made", "free"), "'made' holds string"),
    "texts for a text": (attribute("made", texts(2)), "'made' holds string"),
    "ASCII for a text": (attribute("made", np.bytes_(b"a")), "'made' holds string"),
    "reference for a text": (lambda g: attribute("made", g.ref)(g), "'made' holds reference"),
    "no text at all": (attribute("made", h5py.Empty("<f8")), "'made' holds float"),
    "no axis": (attribute("axis", np.zeros(0, np.int64)), r"'axis' holds integer of shape \(0,\)"),
    "scalar axis": (attribute("axis", np.int64(1)), r"'axis' holds integer of shape \(\)"),
    "far axis": (attribute("axis", np.array([9])), "axis 9 does not name"),
    "other axis": (attribute("axis", np.array([-1])), "has digest"),
    "two axes": (attribute("axis", np.array([1, 0])), "gamma has shape"),
    "other number": (attribute("eps", 1e-3), "has digest"),
    "other memory": (text("memory", b"strided"), "has digest"),
    "memory of no kind": (text("memory", b"striped"), "memory is 'striped'"),
    "memory that cannot be": (text("memory", b"merged"), "is not running_var"),
    "one ulp": (lambda g: g["expected/y"].__setitem__((0, 0), np.nextafter(1 / 7, 1)), "digest"),
    "other input": (lambda g: replaced("x", g["dy"])(g), "has digest"),
}


def spoil(folder: Path, act: Callable[[h5py.Group], None]) -> None:
    """Apply `act` to the case and forge the manifest to match."""
    with h5py.File(folder / "dense.h5", "r+", libver="earliest") as file:
        act(file["float64"])
    seal(folder)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_object_is_refused(kind: str, spoilable: Path) -> None:
    """An object that is not the plain data of the case is refused, and the error says why."""
    act, message = HOSTILE[kind]
    spoil(spoilable, act)
    with pytest.raises(GoldenFileError, match=message) as caught:
        list(hdf5.load([ID], spoilable))
    said = str(caught.value)
    assert str(spoilable / "dense.h5") in said
    assert ID in said
    assert "conformance generate" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("schema", "conformance/golden/0"), ("generator", "x"), ("about", "x")],
)
def test_file_of_another_make_is_refused(name: str, value: str, spoilable: Path) -> None:
    """A golden file whose schema, generator or purpose is not the manifest's is refused."""

    def act(group: h5py.Group) -> None:
        group.file.attrs.create(name, value.encode(), dtype=h5py.string_dtype("utf-8", 20))

    spoil(spoilable, act)
    with pytest.raises(GoldenFileError, match=f"its {name} is '{value}'"):
        list(hdf5.load([ID], spoilable))


def test_honest_file_passes_the_same_look(spoilable: Path) -> None:
    """A file that was opened for writing and left as it was is read."""
    spoil(spoilable, lambda _: None)
    assert [case.id for case in hdf5.load([ID], spoilable)] == [ID]


def test_other_cases_of_a_spoiled_file_are_read(spoilable: Path) -> None:
    """What is wrong with one case says nothing of the next, if the manifest vouches for it."""
    spoil(spoilable, attribute("eps", 1e-3))
    assert [case.id for case in hdf5.load(["dense/float16"], spoilable)] == ["dense/float16"]


def test_filter_on_a_contiguous_dataset_is_refused() -> None:
    """A plan with filters is refused even if its layout claims to be contiguous."""

    class Plan:
        def get_layout(self) -> int:
            return int(h5d.CONTIGUOUS)

        def get_nfilters(self) -> int:
            return 1

    class Dataset:
        def get_create_plist(self) -> Plan:
            return Plan()

    with pytest.raises(GoldenFileError, match="has 1 filters"):
        plain._check_storage("x", Dataset(), 8)


@pytest.mark.parametrize("image", [b"", b"\0" * 4096, b"\x89HDF\r\n\x1a\n" + b"\xff" * 2040])
def test_what_is_no_hdf5_is_refused(image: bytes, spoilable: Path) -> None:
    """A file that HDF5 cannot open is refused with the name of the file."""
    (spoilable / "dense.h5").write_bytes(image)
    seal(spoilable)
    with pytest.raises(GoldenFileError, match=r"dense\.h5: reading gave"):
        list(hdf5.load([ID], spoilable))


def test_oversize_file_is_refused(spoilable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A golden file above the cap is refused before it is read."""
    monkeypatch.setattr("conformance.cases.golden.vouched.LARGEST", 1000)
    with pytest.raises(GoldenFileError, match="at most 1000 were wanted"):
        list(hdf5.load([ID], spoilable))


def test_oversize_dataset_is_refused(spoilable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset above the cap is refused before memory is taken for it."""
    monkeypatch.setattr(plain, "CAP", 50)
    with pytest.raises(GoldenFileError, match="has 96 bytes, at most 50 were wanted"):
        list(hdf5.load([ID], spoilable))
