"""Whether golden files fit: on the disk that they are to lie on, and in memory on their way."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from conformance.cases.golden.content import CAP
from conformance.cases.large.room import memory
from conformance.cases.own.draft import Draft
from conformance.errors import RecipeError

BYTES = 160
"""Bytes of memory for each value of x while a case is drawn, solved, proven and bounded; where its
bounds are found 125 to 141 were measured, at 10^6 values in float32 with gradients."""

CHANNEL_BYTES = 520
"""Bytes beyond that for each value of one channel, where floats leave one of its values open and
integers settle it: as measured, 470 to 520 in all types. It takes more, 1100, where some values are
10^200 times others."""

EARLIER_BYTES = 24
"""Bytes for each value of a batch before x."""

OVERHEAD = 16 << 10
"""Bytes of a case beside its values, in its file, the index and the manifest: 10 to 11 kB in the
catalogue."""

_WIDEST = 8


def require(drafts: Sequence[Draft], place: Path) -> None:
    """Refuse cases for which there is no room.

    Args:
        drafts: The cases.
        place: A folder that exists, on the disk on which they are to lie.

    Raises:
        RecipeError: an array is larger than a golden file may hold, the disk or the memory too
            small; the message has the numbers.
    """
    for draft in drafts:
        if draft.sizes.values * _WIDEST * draft.sizes.batches > CAP:
            raise RecipeError(
                f"{draft.id}: x of shape {draft.sizes.shape} has {draft.sizes.values:,} values, at "
                f"most {CAP // _WIDEST // draft.sizes.batches:,} were wanted: a golden file holds "
                f"arrays of up to {_size(CAP)}. Give a smaller shape."
            )
    _require_memory(max(drafts, key=_taken))
    wanted = sum(map(on_disk, drafts))
    free = shutil.disk_usage(place).free
    if wanted > free:
        raise RecipeError(
            f"{len(drafts):,} cases take about {_size(wanted)}, and {_size(free)} are free on the "
            f"disk of {place}. Free some, give another folder, or make fewer or smaller cases."
        )


def on_disk(draft: Draft) -> int:
    """Bytes that a case takes on a disk at most: its values, and no more for its bounds."""
    return 2 * (draft.sizes.stored + OVERHEAD)


def _require_memory(draft: Draft) -> None:
    wanted, here = _taken(draft), memory()
    if here is not None and wanted > here:
        raise RecipeError(
            f"{draft.id}: {draft.sizes.values:,} values take about {_size(wanted)} of memory to "
            f"solve and to prove, and {_size(here)} are free. Give a smaller shape, or use a "
            "larger machine."
        )


def _taken(draft: Draft) -> int:
    sizes = draft.sizes
    earlier = sizes.batches - 1
    every = sizes.values * (BYTES + EARLIER_BYTES * earlier)
    return every + sizes.channel * CHANNEL_BYTES * (1 + earlier)


def _size(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1024:.0f} KiB"
