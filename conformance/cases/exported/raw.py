"""Raw arrays: a folder for each case, with its text and one file of values for each array.

``GROUP/NAME/case.json`` says of every array its type, its shape and its file, in which the values
lie little-endian and in C order, and nothing else.  Readers of few lines, in any language, take it.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    blamed,
    size_of,
    told,
    written,
)
from conformance.errors import ExportError

ABOUT = "a folder for each case, with case.json and one file of values for each array"


def files(group: Group) -> Files:
    """The files of a group: those of each case in a folder that its id names."""
    for exported in group.cases:
        for name, data in files_of(exported).items():
            yield f"{exported.case.id}/{name}", (data,)


def files_of(exported: Exported) -> dict[str, bytes]:
    """The files of one case, by their names in its folder."""
    text = told(exported, lambda name, _: {"file": _file(name)})
    return {TEXT: written(text)} | {
        text["arrays"][name]["file"]: bits(values) for name, values in exported.arrays.items()
    }


def _file(name: str) -> str:
    return f"{name.replace('/', '.')}.bin"


def read(folder: Path) -> Iterator[Exported]:
    """The cases of a folder, each read when it is asked for.

    Raises:
        ExportError: a case is damaged; raised when it is asked for.
    """
    for file in sorted(folder.glob(f"*/*/{TEXT}")):
        yield read_case(file.parent)


def read_case(folder: Path) -> Exported:
    """The case whose text and values lie in a folder.

    Raises:
        ExportError: it is damaged, or not what it says that it is.
    """
    text: dict[str, Any] = documents.read(folder / TEXT, KIND)
    with blamed(str(folder)):
        wanted = {TEXT} | {_file(name) for name in text["arrays"]}
        held = {}
        for name, facts in text["arrays"].items():
            if facts["file"] != _file(name):  # and so no way out of the folder
                raise ExportError(f"{name} is in {facts['file']!r}, {_file(name)!r} was wanted")
            values = documents.read_bytes(folder / facts["file"], size_of(facts, name))
            held[name] = array(facts, values, name)
        strange = {file.name for file in folder.glob("*.bin")} - wanted
        if strange:
            raise ExportError(f"{min(strange)} is there, and {TEXT} says nothing of it")
        return believed(text, held)
