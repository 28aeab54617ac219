"""Reading golden files: what the manifest vouches for, and nothing else.

A file is read once and its digest compared; one that is large stays where it is, and is read again
case by case.  The index says where in these bytes a case lies, and the case that comes out must
have the digest that the manifest names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from conformance.case import Case
from conformance.cases.golden import index, listing, vouched
from conformance.cases.golden.listing import select
from conformance.cases.golden.vouched import Wanted, blamed


def load(case_ids: Iterable[str], folder: Path | None = None) -> Iterator[Case]:
    """Read cases, each verified by its digest; their arrays cannot be written to.

    Args:
        case_ids: Full ids, such as `select` gives; ids of one group in a row cost least.
        folder: Where the golden files lie; by default this installation's ``fixtures``.

    Returns:
        The cases in the order of `case_ids`, each read when it is asked for.

    Raises:
        SelectionError: there is no case of that id, or no id was given.
        GoldenFileError: a file is missing, damaged or foreign; raised while iterating, when its
            first bad case is asked for.
    """
    return _load(vouched.wanted(case_ids, folder))


def load_matching(
    pattern: str | Iterable[str] | None = None, folder: Path | None = None
) -> Iterator[Case]:
    """Read the cases whose ids match, in the manifest's order; each verified by its digest.

    Args:
        pattern: As for `conformance.cases.golden.select`; None reads every case.
        folder: Where the golden files lie; by default this installation's ``fixtures``.

    Raises:
        SelectionError: a pattern matches nothing.
        GoldenFileError: as `load`.
    """
    return load(select(pattern, folder), folder)


def shapes(case_ids: Iterable[str], folder: Path | None = None) -> dict[str, tuple[int, ...]]:
    """The shape of x of cases, as the index says it: no golden file is opened.

    Args:
        case_ids: Full ids, such as `select` gives.
        folder: Where the golden files lie; by default this installation's ``fixtures``.

    Raises:
        SelectionError: there is no case of that id, or no id was given.
        GoldenFileError: the index is missing, damaged or foreign.
    """
    asked = vouched.wanted(case_ids, folder)
    told = index.load(asked.folder, asked.manifest.index)
    found = {}
    for entry in asked.entries:
        with blamed(f"{asked.folder / listing.INDEX}, case {entry.id!r}"):
            found[entry.id] = index.shape_of_x(told[entry.id])
    return found


def _load(asked: Wanted) -> Iterator[Case]:
    known = asked.manifest
    told = index.load(asked.folder, known.index)
    for group, members in groupby(asked.entries, key=lambda entry: entry.group):
        file = asked.folder / f"{group}.h5"
        with blamed(str(file)):
            image = vouched.image(file, known.files[file.name])
        with image:
            for entry in members:
                with blamed(f"{file}, case {entry.id!r}"):
                    case = index.case_at(image, entry, told[entry.id])
                    vouched.verify(case, entry)
                yield case
