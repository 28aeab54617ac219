"""The index: where the values of every case lie in the golden files, so that none is searched for.

A dataset of a golden file is contiguous and without filters, so its values are a piece of the
file's bytes.  The index says which piece, and repeats the attributes; with it cases are read
without HDF5.  It is believed in nothing: what is made by it must have the digest of its case.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Array, Case
from conformance.cases.golden import content
from conformance.cases.golden.listing import INDEX, CaseEntry, GoldenFile
from conformance.cases.golden.vouched import Image, blamed, read
from conformance.errors import GoldenFileError
from conformance.float_types import FLOAT_TYPES, dtype_of
from conformance.type_names import name_of

ABOUT = "Where the values of every case lie in the golden files, and its attributes."
"""What the manifest says that the index is for."""

_DATASETS = frozenset({*content.INPUTS, *(f"{content.DUE}{name}" for name in content.OUTPUTS)})


def render(cases: Iterable[Case], offsets: Mapping[str, Mapping[str, int]]) -> bytes:
    """The index as JSON, one line for each case.

    Args:
        cases: The cases, in order.
        offsets: Case ids to where each dataset begins in the file of the case.
    """
    return joined(line(case, offsets[case.id]) for case in cases)


def line(case: Case, offsets: Mapping[str, int]) -> str:
    """What the index says of one case whose datasets begin at these offsets."""
    return f"{json.dumps(case.id)}: {json.dumps(_told(case, offsets), ensure_ascii=False)}"


def joined(lines: Iterable[str]) -> bytes:
    """The index of these lines."""
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _told(case: Case, offsets: Mapping[str, int]) -> dict[str, Any]:
    said = content.attributes(case)
    held = sorted(content.arrays(case).items())
    return {
        "attributes": {name: said[name] for name in sorted(said)},
        "datasets": {n: [name_of(a.dtype), list(a.shape), offsets[n]] for n, a in held},
    }


class Index(Mapping[str, Any]):
    """Case ids to what the index says of them; a line is looked at when it is asked for."""

    def __init__(self, text: str) -> None:
        """Part the lines.

        Raises:
            ValueError: it is no object, or none with a line for each case.
        """
        opening, *lines, closing = text.removesuffix("\n").split("\n")
        if (opening, closing) != ("{", "}"):
            raise ValueError(f"its lines begin with {opening!r} and end with {closing!r}")
        self._lines = {line.partition(":")[0].strip('"'): line.removesuffix(",") for line in lines}

    def __getitem__(self, name: str) -> Any:
        return json.loads(f"{{{self._lines[name]}}}")[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def load(folder: Path, facts: GoldenFile) -> Index:
    """Case ids to what the index in `folder` says of them, not looked at yet.

    Raises:
        GoldenFileError: it is missing, or not the one that the manifest knows.
    """
    file = folder / INDEX
    with blamed(str(file)):
        found = file.stat()
        return _parsed(file, facts, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _parsed(file: Path, facts: GoldenFile, _changed: int, _size: int) -> Index:
    # The time of change and the size are part of the key: a suite asks once per case.
    return Index(read(file, facts).decode())


def case_at(image: Image, entry: CaseEntry, told: Mapping[str, Any]) -> Case:
    """The case that lies in the bytes of a golden file where the index says.

    Raises:
        ConformanceError, LookupError, ValueError, TypeError: the index does not fit the file; what
            fits and is wrong has another digest than `entry`.
    """
    said, places = told["attributes"], told["datasets"]
    strange = sorted(places.keys() - _DATASETS)
    if strange:
        raise GoldenFileError(f"the index has a dataset {strange[0]!r}, inputs and outputs wanted")
    kinds = {**content.ATTRIBUTES, **({content.BLOCK: str} if content.BLOCK in said else {})}
    return content.build(
        entry.id,
        {name: _attribute(name, said[name], kind) for name, kind in kinds.items()},
        {name: _array(name, image, *place) for name, place in places.items()},
    )


def shape_of_x(told: Mapping[str, Any]) -> tuple[int, ...]:
    """The shape that the index says x has.

    Raises:
        GoldenFileError, LookupError, ValueError, TypeError: it says none.
    """
    _, shape, _ = told["datasets"]["x"]
    known = isinstance(shape, list) and len(shape) in content.RANKS
    if not (known and all(type(number) is int and number >= 0 for number in shape)):
        raise GoldenFileError(f"the index says that x is of {shape!r}, 2 to 5 sizes were wanted")
    return tuple(shape)


def _attribute(name: str, value: Any, kind: type) -> content.Attribute:
    if kind is tuple and isinstance(value, list) and all(type(each) is int for each in value):
        return tuple(value)
    if isinstance(value, str | float) and isinstance(value, kind):
        return value
    raise GoldenFileError(f"the index says {name} = {value!r}, a {kind.__name__} was wanted")


def _array(name: str, image: Image, kind: str, shape: list[int], start: int) -> Array:
    whole = all(type(number) is int and number >= 0 for number in (start, *shape))
    if not whole or kind not in FLOAT_TYPES or len(shape) > content.RANKS.stop:
        raise GoldenFileError(f"the index says that {name} is {kind!r} of {shape!r} at {start!r}")
    dtype = dtype_of(kind)
    end = start + math.prod(shape) * dtype.itemsize
    if end > image.size:
        raise GoldenFileError(
            f"the index says that {name} ends at byte {end:,}, the file has {image.size:,}"
        )
    # Of its own, since a piece of a file is not aligned and would keep all of it in memory.
    array = np.empty(tuple(shape), dtype)
    image.fill(array, start)
    array.flags.writeable = False
    return array
