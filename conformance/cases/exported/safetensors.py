"""``.safetensors``: a file for each case; the attributes are the metadata of its header.

The format is eight bytes with the length of the header, the header in JSON, and the values of all
arrays one after the other (https://github.com/huggingface/safetensors#format).  Metadata are
texts, so what is no text stands there as JSON: ``"axis": "[1]"``, ``"eps": "1e-05"``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from conformance import documents
from conformance.array_files import SAFETENSORS
from conformance.cases.exported.content import (
    KIND,
    Exported,
    Files,
    Group,
    array,
    believed,
    bits,
    one_by_one,
    readable,
    told,
    written,
)
from conformance.errors import ExportError

ABOUT = "a .safetensors file for each case, its attributes in the header"

_KNOWN = {short: name for name, short in SAFETENSORS.items()}
_SAID = "__metadata__"
_ALIGNED = 8
_TEXTS = frozenset(
    {"catches", "cites", "group", "id", "layout", "made", "memory", "mode", "schema", "sha256"}
)
"""What is a text in the text of a case too."""


def files(group: Group) -> Files:
    """The files of a group: one for each case."""
    for exported in group.cases:
        yield f"{exported.case.id}.safetensors", (image(exported),)


def image(exported: Exported) -> bytes:
    """The file of one case."""
    text = told(exported, lambda name, _: {"file": f"{name}.bin"})
    written(text)  # refuses what no reader would take
    said = {n: v if n in _TEXTS else json.dumps(v) for n, v in text.items() if n != "arrays"}
    header: dict[str, Any] = {_SAID: said}
    parts: list[bytes] = []
    end = 0
    # The widest first, so that each array begins at a multiple of its item's size.
    for name, values in sorted(exported.arrays.items(), key=lambda a: (-a[1].itemsize, a[0])):
        start, end = end, end + values.nbytes
        kind = SAFETENSORS[text["arrays"][name]["type"]]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [start, end]}
        parts.append(bits(values))
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    head = head.ljust(-(-len(head) // _ALIGNED) * _ALIGNED)
    data = b"".join([len(head).to_bytes(8, "little"), head, *parts])
    return readable(data, exported.case.id)


def read(folder: Path) -> Iterator[Exported]:
    """The cases of a folder, each read when it is asked for.

    Raises:
        ExportError: a case is damaged; raised when it is asked for.
    """
    return one_by_one(folder, ".safetensors", _case)


def _case(data: bytes, source: str) -> Exported:
    begin = 8 + int.from_bytes(data[:8], "little")
    if begin > len(data):
        raise ExportError(f"its header ends at byte {begin:,}, it has {len(data):,}")
    header = json.loads(data[8:begin])
    said = header.pop(_SAID)
    text: dict[str, Any] = {n: v if n in _TEXTS else json.loads(v) for n, v in said.items()}
    text["arrays"] = {
        name: {"type": _KNOWN[facts["dtype"]], "shape": facts["shape"], "file": f"{name}.bin"}
        for name, facts in header.items()
    }
    documents.require(text, KIND, source)
    places = {name: facts["data_offsets"] for name, facts in header.items()}
    _require_whole(places.values(), len(data) - begin)
    held = {
        name: array(text["arrays"][name], data[begin + start : begin + end], name)
        for name, (start, end) in places.items()
    }
    return believed(text, held)


def _require_whole(places: Iterable[list[int]], size: int) -> None:
    end = 0
    for start, after in sorted(places):
        if start != end or after < start:
            break
        end = after
    if end != size:
        raise ExportError(f"its byte {end:,} of {size:,} is of no array, or of two")
