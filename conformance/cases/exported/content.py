"""What every format says of one case: its text, its arrays, and how both are believed again.

The text is a JSON object with the attributes of the case, its digest, the edges that it poses and
a table of its arrays; where the values of an array lie is the affair of the format.  Arrays are
those of the golden file and their bounds, each by a name such as ``expected/y`` or ``unit/y``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from conformance import documents
from conformance.case import Array, Case
from conformance.cases.golden import content, vouched
from conformance.errors import ExportError
from conformance.float_types import dtype_of
from conformance.oracle.stated import LOSS, UNIT
from conformance.type_names import name_of

SCHEMA = "conformance/exported/1"
"""Rises when a reader of today could misunderstand the cases of tomorrow."""

KIND = "exported-case"
"""The kind of document that the text of a case is."""

TEXT = "case.json"
"""What the text of a case is called, as a file and within an archive."""

_LONGEST = 256 * 2**20
"""The most bytes of a file of one case that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A case with its bounds.

    Attributes:
        case: The case.
        bounds: ``"unit/y"`` and ``"loss/y"`` and so on, each of the shape of its output, float32 or
            float64; `conformance.oracle.stated` makes them.
        edges: Names of the edges that the case poses, which honest kernels answer differently.
    """

    case: Case
    bounds: Mapping[str, Array]
    edges: tuple[str, ...]

    @property
    def arrays(self) -> dict[str, Array]:
        """Everything that is stored, by name: inputs, expected values, bounds."""
        return content.arrays(self.case) | dict(self.bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cases of a group that are to be written.

    Attributes:
        name: The group.
        about: What it is for, in a sentence.
        count: How many cases there are.
        cases: The cases, made when they are asked for.
    """

    name: str
    about: str
    count: int
    cases: Iterable[Exported]


Files: TypeAlias = Iterator[tuple[str, Iterable[bytes]]]
"""Names of files below a folder, with ``/`` between their parts, and their bytes in pieces."""


def told(exported: Exported, more: Callable[[str, Array], Mapping[str, Any]]) -> dict[str, Any]:
    """The text of a case as an object.

    Args:
        exported: The case.
        more: What is said of an array beside its type and shape: where its values are.
    """
    case = exported.case
    said = content.attributes(case)
    return {
        "schema": SCHEMA,
        "id": case.id,
        **{n: list(v) if isinstance(v, tuple) else v for n, v in sorted(said.items())},
        "sha256": content.digest(case),
        "edges": list(exported.edges),
        "arrays": {
            name: {"type": name_of(a.dtype), "shape": list(a.shape), **more(name, a)}
            for name, a in exported.arrays.items()
        },
    }


def written(text: Mapping[str, Any]) -> bytes:
    """The text of a case as JSON, one line for each attribute and each array.

    Raises:
        ExportError: a reader would refuse it, such as for a text with control characters.
    """
    parts = [f' "{n}": {_json(v)}' for n, v in text.items() if n != "arrays"]
    arrays = (f'  "{name}": {_json(facts)}' for name, facts in text["arrays"].items())
    parts.append(' "arrays": {\n' + ",\n".join(arrays) + "\n }")
    data = ("{\n" + ",\n".join(parts) + "\n}\n").encode()
    documents.parse(data, KIND, f"case {text['id']!r}")  # what is written can be read
    return data


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ExportError(f"{value!r} is no number of JSON, a finite one was wanted.") from error


def bits(array: Array) -> bytes:
    """The values of an array: little-endian, in C order."""
    return np.ascontiguousarray(array).tobytes()


def array(facts: Mapping[str, Any], data: bytes, name: str) -> Array:
    """An array of a text from its values; it cannot be written to.

    Raises:
        ExportError: there are more or fewer of them than its shape says.
    """
    wanted = size_of(facts, name)
    if len(data) != wanted:
        raise ExportError(f"{name} has {len(data):,} bytes, {wanted:,} were wanted")
    return np.frombuffer(data, dtype_of(facts["type"])).reshape(facts["shape"])


def size_of(facts: Mapping[str, Any], name: str) -> int:
    """How many bytes an array of a text has.

    Raises:
        ExportError: more than golden files take.
    """
    size = math.prod(facts["shape"]) * dtype_of(facts["type"]).itemsize
    if size > content.CAP:
        raise ExportError(f"{name} has {size:,} bytes, at most {content.CAP:,} were wanted")
    return int(size)


def believed(text: Mapping[str, Any], held: Mapping[str, Array]) -> Exported:
    """The case of a text and its arrays; undoes `told`.

    Args:
        text: A text that keeps the schema of its kind.
        held: The arrays by name.

    Raises:
        ConformanceError: it contradicts itself, or has another digest than it says.
    """
    said = {**text, "axis": tuple(text["axis"])}
    numbers = {n: float(said[n]) for n, kind in content.ATTRIBUTES.items() if kind is float}
    bounds = {n: a for n, a in held.items() if n.startswith((UNIT, LOSS))}
    given = {n: a for n, a in held.items() if n not in bounds}
    case = content.build(text["id"], {**said, **numbers}, given)
    _require(case, text, given.keys())
    _require_bounds(case, bounds)
    return Exported(case=case, bounds=bounds, edges=tuple(text["edges"]))


def _require(case: Case, text: Mapping[str, Any], names: object) -> None:
    content.require(case)
    if content.arrays(case).keys() != names:
        raise ExportError("it has arrays that no case has, inputs and outputs were wanted")
    differing = [
        name
        for name, value in content.attributes(case).items()
        if value != (tuple(text[name]) if name == "axis" else text[name])
    ]
    if differing:  # those that follow from the arrays
        raise ExportError(f"its {differing[0]} is not what it says, {text[differing[0]]!r}")
    found = content.digest(case)
    if found != text["sha256"]:
        raise ExportError(f"its content has digest {found}, it says {text['sha256']} itself")


def _require_bounds(case: Case, bounds: Mapping[str, Array]) -> None:
    due = case.expected.items()
    if {name.removeprefix(UNIT) for name in bounds if name.startswith(UNIT)} != due.keys():
        raise ExportError("its units are not of what is expected, one for each was wanted")
    for name, values in bounds.items():
        output = name.split("/", maxsplit=1)[1]
        if output not in due or values.shape != due[output].shape:
            raise ExportError(f"{name} has shape {values.shape}, that of its output was wanted")
        with np.errstate(invalid="ignore"):
            negative = values < 0  # NaN bounds nothing, as infinity does
        if negative.any():
            raise ExportError(f"{name} has a negative value, a bound was wanted")


def blamed(what: str) -> AbstractContextManager[None]:
    """Tell whatever damage brings about as an `ExportError` that names what is damaged."""
    return vouched.blamed(what, kind=ExportError, remedy="Write it again with: conformance export")


def readable(data: bytes, name: str) -> bytes:
    """The file of one case, if it is none that `one_by_one` refuses.

    Raises:
        ExportError: it is too large.
    """
    require_readable(len(data), _LONGEST, "bytes", name)
    return data


def require_readable(size: int, most: int, unit: str, name: str) -> None:
    """Refuse to write what no reader of this package takes.

    Raises:
        ExportError: it is more than the most.
    """
    if size > most:
        raise ExportError(
            f"{name} has {size:,} {unit} or more in this format, at most {most:,} were wanted: so "
            "many are read. Choose fewer cases with --case, or take --format raw."
        )


def one_by_one(
    folder: Path, ending: str, case: Callable[[bytes, str], Exported]
) -> Iterator[Exported]:
    """The cases of a folder with a file for each, read when they are asked for.

    Args:
        folder: Where the folders of the groups lie.
        ending: Of the files.
        case: From what a file holds, and what it is called, to the case in it.

    Raises:
        ExportError: a case is damaged; raised when it is asked for.
    """
    for file in sorted(folder.glob(f"*/*{ending}")):
        with blamed(str(file)):
            yield case(documents.read_bytes(file, _LONGEST), str(file))
