"""JSON with hexadecimal floats: a file for each group, in the way of Project Wycheproof.

Every value is a text such as ``"0x1.8p+0"``, ``"nan"`` or ``"-inf"``: the exact value in float64,
which most languages read with what they have, and which no parser rounds.  A text has no bits of
a NaN; those of one with a sign or a payload stand beside the values, and only the digest needs
them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance import documents
from conformance.case import Array
from conformance.cases.exported.content import (
    Exported,
    Files,
    Group,
    array,
    believed,
    bits,
    blamed,
    require_readable,
    size_of,
    told,
    written,
)
from conformance.document_kinds import KINDS
from conformance.errors import ExportError
from conformance.float_types import dtype_of

ABOUT = "a JSON file for each group, with values as hexadecimal floats"

SCHEMA = "conformance/exported-group/1"
"""Rises when a reader of today could misunderstand the groups of tomorrow."""

_KIND = "exported-group"


def files(group: Group) -> Files:
    """The one file of a group."""
    yield f"{group.name}.json", _readable(_pieces(group), group.name)


def _readable(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The pieces of one file, as long as they are no more than its reader takes.

    Raises:
        ExportError: they are more.
    """
    rules, size, items = KINDS[_KIND], 0, 0
    for piece in pieces:
        size, items = size + len(piece), items + sum(map(piece.count, (b",", b"[", b"{")))
        require_readable(size, rules.size, "bytes", name)
        require_readable(items, rules.items, "commas and brackets", name)
        yield piece


def _pieces(group: Group) -> Iterator[bytes]:
    if not group.about.isprintable():
        raise ExportError(f"{group.about!r} is no plain text, one was wanted of {group.name!r}.")
    head: dict[str, Any] = {"schema": SCHEMA, "group": group.name, "about": group.about}
    head |= {"number_of_cases": group.count}
    lines = (f' "{name}": {json.dumps(value, ensure_ascii=False)},' for name, value in head.items())
    yield ("{\n" + "\n".join(lines) + '\n "cases": [\n').encode()
    for place, exported in enumerate(group.cases):
        text = told(exported, lambda name, _: {"file": f"{name}.bin"})
        written(text)  # refuses what no reader would take
        for name, values in exported.arrays.items():
            del text["arrays"][name]["file"]
            text["arrays"][name] |= _values(values)
        line = json.dumps(text, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        yield f"{',' if place else ' '} {line}\n".encode()
    yield b" ]\n}\n"


def _values(values: Array) -> dict[str, Any]:
    with np.errstate(invalid="ignore"):  # NaNs that signal
        wide = np.asarray(values, dtype=np.float64).ravel()
        odd = _odd(values.ravel())
    said: dict[str, Any] = {"values": [_hexadecimal(value) for value in wide.tolist()]}
    return said | ({"nan_bits": odd} if odd else {})


def _hexadecimal(value: float) -> str:
    """The value as C's ``%a`` writes it: without zeros at the end of its digits."""
    digits, mark, exponent = value.hex().partition("p")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}{mark}{exponent}"


def _odd(values: Array) -> dict[str, str]:
    """Places of NaNs that are not the quiet positive one without payload, to their bits."""
    patterns = values.view(f"<u{values.itemsize}")
    plain = np.full(1, np.nan, values.dtype).view(patterns.dtype)[0]
    places = np.flatnonzero(np.isnan(values) & (patterns != plain))
    width = 2 * values.itemsize
    return {str(place): f"{int(patterns[place]):0{width}x}" for place in places.tolist()}


def read(folder: Path) -> Iterator[Exported]:
    """The cases of a folder, a group at a time.

    Raises:
        ExportError: a group or a case is damaged; raised when it is asked for.
    """
    for file in sorted(folder.glob("*.json")):
        found = documents.read(file, _KIND)
        if found["number_of_cases"] != len(found["cases"]):
            raise ExportError(
                f"{file} has {len(found['cases'])} cases, it says {found['number_of_cases']}. "
                "Write it again with: conformance export"
            )
        yield from _cases(found["cases"], file)


def _cases(texts: Iterable[Mapping[str, Any]], file: Path) -> Iterator[Exported]:
    for text in texts:
        with blamed(f"{file}, case {text['id']!r}"):
            arrays = text["arrays"]
            yield believed(text, {name: _array(arrays[name], name) for name in arrays})


def _array(facts: Mapping[str, Any], name: str) -> Array:
    size_of(facts, name)
    wide = np.array([float.fromhex(value) for value in facts["values"]], dtype=np.float64)
    with np.errstate(all="ignore"):
        values = wide.astype(dtype_of(facts["type"]))
        exact = (values.astype(np.float64) == wide) | np.isnan(wide)
    if not exact.all():
        raise ExportError(f"{name} has a value that is no {facts['type']}")
    patterns = values.view(f"<u{values.itemsize}")
    for place, pattern in facts.get("nan_bits", {}).items():
        before, patterns[int(place)] = wide[int(place)], int(pattern, 16)
        with np.errstate(invalid="ignore"):  # NaNs that signal
            after = np.isnan(values[int(place)])
        if not (np.isnan(before) and after):
            raise ExportError(f"{name} has bits of a NaN at {place}, where there is none")
    return array(facts, bits(values), name)
