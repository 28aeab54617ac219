"""The outputs that a path owes in each case of the catalogue."""

from __future__ import annotations

from pathlib import Path

from conformance.cases import golden
from conformance.verdict.ruler import due_names


def due_outputs(folder: Path | None = None) -> dict[str, tuple[str, ...]]:
    """Every case of a catalogue with the outputs that some path owes in it.

    Which catalogue that is may change while a program runs, so nothing is remembered.

    Args:
        folder: Where its golden files lie; by default this installation's ``fixtures``.
    """
    entries = golden.manifest(folder).entries
    names = {due: tuple(due_names(due)) for due in {entry.due for entry in entries.values()}}
    return {name: names[entry.due] for name, entry in entries.items()}
