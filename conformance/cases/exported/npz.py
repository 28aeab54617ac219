"""``.npz``: an archive for each case, as numpy and many others read it.

The archive is a zip whose members are not compressed: ``case.json`` first, then one ``.npy`` for
each array.  numpy knows no bfloat16, so the 16-bit patterns lie there as uint16 and the text says
the type.  The bytes depend on nothing but the case: no time, no system, no version of numpy or
zlib, which is why the archive and its headers are written here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance import documents
from conformance.cases.exported.content import (
    KIND,
    TEXT,
    Exported,
    Files,
    Group,
    array,
    believed,
    bits,
    one_by_one,
    readable,
    size_of,
    told,
    written,
)
from conformance.errors import ExportError

ABOUT = "an .npz archive for each case, with case.json in it"

_DESCRIBED = {"bfloat16": "<u2", "float16": "<f2", "float32": "<f4", "float64": "<f8"}
_MAGIC = b"\x93NUMPY\x01\x00"
_ALIGNED = 64
"""What the length of a header is a multiple of, so that values may be mapped into memory."""

_MEMBERS = 49
"""The most members: the text, and as many arrays as it may name."""


def files(group: Group) -> Files:
    """The files of a group: one archive for each case."""
    for exported in group.cases:
        yield f"{exported.case.id}.npz", (archive(exported),)


def archive(exported: Exported) -> bytes:
    """The archive of one case."""
    text = told(exported, lambda name, _: {"file": f"{name}.npy"})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as members:
        _put(members, TEXT, written(text))
        for name, values in exported.arrays.items():
            facts = text["arrays"][name]
            _put(members, facts["file"], _header(facts) + bits(values))
    return readable(stream.getvalue(), exported.case.id)


def _put(members: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16  # else those of the system we run on
    members.writestr(info, data)


def _header(facts: Mapping[str, Any]) -> bytes:
    """What stands before the values: format 1.0 of numpy's enhancement proposal 1."""
    shape = "".join(f"{n}, " for n in facts["shape"])
    shape = shape if len(facts["shape"]) == 1 else shape.removesuffix(", ")
    described = _DESCRIBED[facts["type"]]
    said = f"{{'descr': '{described}', 'fortran_order': False, 'shape': ({shape.rstrip()}), }}"
    before = len(_MAGIC) + 2
    padded = said.ljust(-(-(before + len(said) + 1) // _ALIGNED) * _ALIGNED - before - 1) + "\n"
    return _MAGIC + len(padded).to_bytes(2, "little") + padded.encode()


def read(folder: Path) -> Iterator[Exported]:
    """The cases of a folder, each read when it is asked for.

    Raises:
        ExportError: a case is damaged; raised when it is asked for.
    """
    return one_by_one(folder, ".npz", _case)


def _case(image: bytes, source: str) -> Exported:
    with zipfile.ZipFile(io.BytesIO(image)) as members:
        if len(members.infolist()) > _MEMBERS:
            raise ExportError(f"it has {len(members.infolist())} members, fewer were wanted")
        text = documents.parse(_member(members, TEXT, len(image)), KIND, f"{TEXT} in {source}")
        held = {}
        for name, facts in text["arrays"].items():
            head = _header(facts)
            data = _member(members, facts["file"], len(head) + size_of(facts, name))
            if not data.startswith(head):
                raise ExportError(f"{name} has a header that its type and shape do not have")
            held[name] = array(facts, data[len(head) :], name)
        return believed(text, held)


def _member(members: zipfile.ZipFile, name: str, most: int) -> bytes:
    info = members.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > most:
        raise ExportError(f"{name} is compressed or too large, {most:,} plain bytes were wanted")
    return members.read(info)
