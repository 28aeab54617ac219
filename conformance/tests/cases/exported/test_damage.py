"""What is damaged or hostile is refused with an error that names it, and never half believed."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import document_kinds
from conformance.cases.exported import content as exporting
from conformance.cases.exported.formats import named
from conformance.cases.golden import content
from conformance.errors import ExportError
from conformance.tests.cases.exported.samples import bounded, grouped, put
from conformance.tests.cases.golden import samples

ONE = bounded(samples.dense("dense/one"))

Change = Callable[[dict[str, Any]], object]

TEXTS: dict[str, Change] = {
    "another schema": lambda t: t.update(schema="conformance/exported/2"),
    "an id that leads out": lambda t: t.update(id="../one"),
    "an id of another case": lambda t: t.update(id="dense/two"),
    "a digest of another case": lambda t: t.update(sha256="0" * 64),
    "another eps": lambda t: t.update(eps=0.5),
    "another mode": lambda t: t.update(mode="test"),
    "another layout": lambda t: t.update(layout="NHWC"),
    "an axis that x lacks": lambda t: t.update(axis=[4]),
    "a group of its own": lambda t: t.update(group="sparse"),
    "memory that there is not": lambda t: t.update(memory="elsewhere"),
    "edges that are no names": lambda t: t.update(edges=["../edge"]),
    "a text without": lambda t: t.pop("limit"),
    "more than is known": lambda t: t.update(more=1),
    "no arrays": lambda t: t.update(arrays={}),
    "an array that no case has": lambda t: t["arrays"].update(z=t["arrays"]["x"]),
    "an output that no case has": lambda t: t["arrays"].update(
        {"expected/z": t["arrays"]["expected/y"]}
    ),
    "a bound of what is not due": lambda t: t["arrays"].update({"loss/z": t["arrays"]["loss/y"]}),
    "a bound of another shape": lambda t: t["arrays"]["unit/y"].update(shape=[3, 4]),
    "an expected value without bound": lambda t: t["arrays"].pop("unit/y"),
    "no x": lambda t: t["arrays"].pop("x"),
    "another shape of as many": lambda t: t["arrays"]["x"].update(shape=[3, 4]),
    "a shape that is larger": lambda t: t["arrays"]["x"].update(shape=[5, 3]),
    "a shape of terabytes": lambda t: t["arrays"]["x"].update(shape=[16777216, 16777216]),
    "another type of the size": lambda t: t["arrays"]["expected/y"].update(type="float32"),
    "a type that is none": lambda t: t["arrays"]["x"].update(type="object"),
}
"""What may be wrong with the text of a case, in every format that has one."""

SAID = {
    "a shape of terabytes": f"at most {content.CAP:,} were wanted",
    "a bound of what is not due": "loss/z has shape (4, 3)",
    "a bound of another shape": "unit/y has shape (3, 4)",
}
"""What must be said of some of them, which would be refused later and for less."""


def written(folder: Path, form: str) -> Path:
    """One case in a folder."""
    for group in grouped([ONE]):
        put(folder, named(form).files(group))
    return folder


def refused(folder: Path, form: str) -> str:
    """What is said of a folder that must be refused."""
    with pytest.raises(ExportError) as caught:
        list(named(form).read(folder))
    said = str(caught.value)
    assert "Write it again with: conformance export" in said
    assert str(folder) in said
    return said


@pytest.mark.parametrize("what", TEXTS)
def test_a_wrong_text_is_refused_beside_raw_arrays(what: str, tmp_path: Path) -> None:
    """A text that says something else than its arrays, or what no case is, is refused."""
    file = written(tmp_path, "raw") / "dense/one/case.json"
    text = json.loads(file.read_text(encoding="utf-8"))
    TEXTS[what](text)
    file.write_text(json.dumps(text), encoding="utf-8")
    refused(tmp_path, "raw")


@pytest.mark.parametrize("what", TEXTS)
def test_a_wrong_text_is_refused_in_an_archive(what: str, tmp_path: Path) -> None:
    """The same in an .npz."""

    def change(members: dict[str, bytes]) -> None:
        text = json.loads(members["case.json"])
        TEXTS[what](text)
        members["case.json"] = json.dumps(text).encode()

    archived(tmp_path, change)
    refused(tmp_path, "npz")


@pytest.mark.parametrize("what", TEXTS)
def test_a_wrong_text_is_refused_in_a_group(what: str, tmp_path: Path) -> None:
    """The same in a JSON file of a group."""
    file = written(tmp_path, "json") / "dense.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    TEXTS[what](found["cases"][0])
    file.write_text(json.dumps(found), encoding="utf-8")
    assert SAID.get(what, "") in refused(tmp_path, "json")


def archived(folder: Path, change: Callable[[dict[str, bytes]], object], kind: int = 0) -> None:
    """One case in an archive whose members were changed."""
    file = written(folder, "npz") / "dense/one.npz"
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../../etc/passwd", "must match pattern"),
        ("a/../../x.bin", "must match pattern"),
        ("gamma.bin", "is in 'gamma.bin'"),
        ("/etc/passwd", "must match pattern"),
        ("x.npy", "is in 'x.npy'"),
    ],
)
def test_no_name_of_a_file_leads_anywhere(name: str, said: str, tmp_path: Path) -> None:
    """The file of an array is the one that its name says, beside the text, and no other."""
    file = written(tmp_path, "raw") / "dense/one/case.json"
    text = json.loads(file.read_text(encoding="utf-8"))
    text["arrays"]["x"]["file"] = name
    file.write_text(json.dumps(text), encoding="utf-8")
    assert said in refused(tmp_path, "raw")


def test_a_changed_value_is_refused(tmp_path: Path) -> None:
    """One bit of an input, an answer or a bound's sign makes the case refused in its folder."""
    for name, place in (("x", 5), ("expected.y", 17), ("unit.y", 11)):
        file = written(tmp_path, "raw") / f"dense/one/{name}.bin"
        data = bytearray(file.read_bytes())
        data[place] ^= 0x80
        file.write_bytes(data)
        refused(tmp_path, "raw")


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """A file that is short, long, absent, a pipe or one too many is refused without waiting."""
    file = written(tmp_path, "raw") / "dense/one/x.bin"
    data = file.read_bytes()
    for wrong in (data[:-1], data + b"\0", b""):
        file.write_bytes(wrong)
        refused(tmp_path, "raw")
    file.unlink()
    refused(tmp_path, "raw")
    os.mkfifo(file)
    assert "pipe" in refused(tmp_path, "raw")
    file.unlink()
    file.write_bytes(data)
    (file.parent / "more.bin").write_bytes(data)
    assert "more.bin is there" in refused(tmp_path, "raw")


ARCHIVES: dict[str, Callable[[dict[str, bytes]], object]] = {
    "a member is absent": lambda m: m.pop("x.npy"),
    "the text is absent": lambda m: m.pop("case.json"),
    "a header says another shape": lambda m: m.update(
        {"x.npy": m["x.npy"].replace(b"(4, 3)", b"(3, 4)")}
    ),
    "a header says Fortran order": lambda m: m.update(
        {"x.npy": m["x.npy"].replace(b"False", b"True ")}
    ),
    "a header asks for objects": lambda m: m.update({"x.npy": m["x.npy"].replace(b"<f4", b"|O8")}),
    "a member is short": lambda m: m.update({"x.npy": m["x.npy"][:-1]}),
    "a member is large": lambda m: m.update({"x.npy": m["x.npy"] + bytes(100)}),
    "hundreds of members": lambda m: m.update({f"m{n}": b"" for n in range(300)}),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_a_damaged_archive_is_refused(what: str, tmp_path: Path) -> None:
    """Members that are absent, of another header or another size make an archive refused."""
    archived(tmp_path, ARCHIVES[what])
    refused(tmp_path, "npz")


def test_an_archive_that_grows_is_refused(tmp_path: Path) -> None:
    """A compressed member is not opened, however small it is; what is no zip is no archive."""
    archived(tmp_path, lambda _: None, zipfile.ZIP_DEFLATED)
    assert "is compressed" in refused(tmp_path, "npz")
    (tmp_path / "dense/one.npz").write_bytes(b"PK\3\4 and so on")
    refused(tmp_path, "npz")


HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no metadata": lambda h: h.pop("__metadata__"),
    "metadata that are no object": lambda h: h.update(__metadata__=[1]),
    "an axis that is no JSON": lambda h: h["__metadata__"].update(axis="[1"),
    "a digest of another case": lambda h: h["__metadata__"].update(sha256="0" * 64),
    "another type of the size": lambda h: h["x"].update(dtype="I32"),
    "a place before the values": lambda h: h["x"].update(data_offsets=[-48, 0]),
    "a place behind the values": lambda h: h["x"].update(data_offsets=[10**6, 10**6 + 48]),
    "a place of another": lambda h: h["dy"].update(data_offsets=h["x"]["data_offsets"]),
    "a place counted from the end": lambda h: h["x"].update(
        data_offsets=[
            n - max(f["data_offsets"][1] for f in h.values() if "dtype" in f)
            for n in h["x"]["data_offsets"]
        ]
    ),
    "a bound at the place of another": lambda h: h["loss/dx"].update(
        data_offsets=h["unit/dx"]["data_offsets"]
    ),
    "a place that ends before it begins": lambda h: h["x"].update(
        data_offsets=h["x"]["data_offsets"][::-1]
    ),
    "a place that is no number": lambda h: h["x"].update(data_offsets=["0", "48"]),
    "a shape of terabytes": lambda h: h["x"].update(shape=[16777216, 16777216]),
    "bytes of no array": lambda h: h.pop("loss/y"),
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_wrong_header_is_refused(what: str, tmp_path: Path) -> None:
    """A .safetensors file whose header does not fit its values is refused."""
    file = written(tmp_path, "safetensors") / "dense/one.safetensors"
    data = file.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    HEADERS[what](header)
    head = json.dumps(header).encode()
    file.write_bytes(len(head).to_bytes(8, "little") + head + data[begin:])
    refused(tmp_path, "safetensors")


@pytest.mark.parametrize("data", [b"", b"\xff" * 8, b"\2\0\0\0\0\0\0\0{}", b"\1" + bytes(7) + b"["])
def test_what_is_no_safetensors_is_refused(data: bytes, tmp_path: Path) -> None:
    """A file without a header, or with one that is no object, is refused."""
    (written(tmp_path, "safetensors") / "dense/one.safetensors").write_bytes(data)
    refused(tmp_path, "safetensors")


VALUES: dict[str, Change] = {
    "a value that its type lacks": lambda x: x["values"].__setitem__(0, "0x1.0000001p+0"),
    "a value beyond it": lambda x: x["values"].__setitem__(0, "0x1p+200"),
    "a value beyond float64": lambda x: x["values"].__setitem__(0, "0x1p+9999"),
    "a decimal value": lambda x: x["values"].__setitem__(0, "1.5"),
    "a number": lambda x: x["values"].__setitem__(0, 1),
    "one value less": lambda x: x["values"].pop(),
    "bits of a NaN that is none": lambda x: x.update(nan_bits={"0": "7fc00001"}),
    "bits of a NaN at no place": lambda x: x.update(nan_bits={"99": "7fc00001"}),
    "bits that are wider than the type": lambda x: x.update(
        values=["nan", *x["values"][1:]], nan_bits={"0": "f7fc00001"}
    ),
    "bits of a NaN that are a number": lambda x: x.update(
        values=["nan", *x["values"][1:]], nan_bits={"0": "3f800000"}
    ),
}


@pytest.mark.parametrize("name", ["x", "unit/y"])
@pytest.mark.parametrize("what", VALUES)
def test_a_value_that_is_none_is_refused(what: str, name: str, tmp_path: Path) -> None:
    """A text of a value that its type cannot have, and a count that is wrong, are refused."""
    file = written(tmp_path, "json") / "dense.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    VALUES[what](found["cases"][0]["arrays"][name])
    file.write_text(json.dumps(found), encoding="utf-8")
    said = refused(tmp_path, "json")
    assert ("no float32" in said) == (what in ("a value that its type lacks", "a value beyond it"))
    assert ("there is none" in said) == (what.startswith("bits of a NaN that"))


def test_a_group_with_a_case_less_is_refused(tmp_path: Path) -> None:
    """The number of cases is that of the cases."""
    file = written(tmp_path, "json") / "dense.json"
    text = file.read_text(encoding="utf-8").replace('"number_of_cases": 1', '"number_of_cases": 2')
    file.write_text(text, encoding="utf-8")
    assert "has 1 cases, it says 2" in refused(tmp_path, "json")


def test_a_text_that_no_reader_takes_is_not_written(tmp_path: Path) -> None:
    """A case or a group whose text would drive a terminal is refused when it is written."""
    case = samples.dense("dense/one")
    bell = bounded(samples.case("dense/bell", case.inputs, case.expected, catches="a\x07b"))
    for form in ("raw", "npz", "safetensors", "json"):
        with pytest.raises(ExportError, match="U\\+0007"):
            put(tmp_path, named(form).files(*grouped([bell])))
    loud = replace(*grouped([ONE]), about="a\x07b")
    with pytest.raises(ExportError, match="is no plain text"):
        put(tmp_path, named("json").files(loud))


@pytest.mark.parametrize("form", ["npz", "safetensors", "json"])
def test_what_no_reader_takes_is_not_written(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case, or a group of cases, that is larger than the reader's limit is refused at once."""
    groups = grouped([ONE])
    (whole,) = (b"".join(pieces) for _, pieces in named(form).files(*groups))
    kind = document_kinds.KINDS["exported-group"]
    for most, refused in ((len(whole), False), (len(whole) - 1, True)):
        monkeypatch.setattr(exporting, "_LONGEST", most)
        monkeypatch.setitem(document_kinds.KINDS, "exported-group", replace(kind, size=most))
        with pytest.raises(ExportError, match="Choose fewer") if refused else nullcontext():
            [b"".join(pieces) for _, pieces in named(form).files(*groups)]


def test_a_group_of_too_many_values_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are counted as the reader counts them, however few bytes they take."""
    kind = document_kinds.KINDS["exported-group"]
    monkeypatch.setitem(document_kinds.KINDS, "exported-group", replace(kind, items=50))
    with pytest.raises(ExportError, match="at most 50 were wanted"):
        [b"".join(pieces) for _, pieces in named("json").files(*grouped([ONE]))]
