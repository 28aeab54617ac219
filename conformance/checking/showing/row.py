"""The cases of a folder in a line each, without opening a golden file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.cases import golden


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a list says of one case.

    Attributes:
        id: The id of the case.
        mode: ``"train"`` or ``"test"``.
        types: ``"float32"``, or ``"float16+float32"`` with parameters of another type.
        layout: ``"NC"``, ``"NCHW"``, ..., ``"per-activation"``.
        shape: Of x.
        catches: The mistake that the case is there to show.
    """

    id: str
    mode: str
    types: str
    layout: str
    shape: tuple[int, ...]
    catches: str


def rows(ids: Sequence[str], folder: Path | None) -> list[Row]:
    """Rows of cases, from the manifest and the index.

    Raises:
        SelectionError: there is no case of that id, or no id was given.
        GoldenFileError: manifest or index is missing, damaged or foreign.
    """
    known, shapes = golden.manifest(folder).entries, golden.shapes(ids, folder)
    return [
        Row(
            id=name,
            mode=known[name].mode,
            types=known[name].dtype,
            layout=known[name].layout,
            shape=shapes[name],
            catches=known[name].catches,
        )
        for name in ids
    ]
