"""From layers to groups of golden files: one for each layer, more where one would be too large."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from conformance import file_names
from conformance.arrays import OUTPUT_NAMES
from conformance.capture.seen import Seen
from conformance.cases.golden.vouched import LARGEST

_LONG = 80
"""Letters of a layer's name that the name of a group keeps."""

_FULL = LARGEST * 3 // 4
"""Bytes of arrays after which a group takes no more calls; a file has more than its arrays."""


def groups_of(seen: Sequence[Seen]) -> Mapping[Seen, str]:
    """The group of every call: calls of two layers never share one.

    Args:
        seen: The calls.
    """
    found: dict[Seen, str] = {}
    names: dict[str, str] = {}
    held: dict[str, int] = {}
    for one in seen:
        size = _bytes(one)
        group = names.get(one.layer)
        if group is None or held[group] + size > _FULL:
            group = names[one.layer] = _free(one.layer, held)
            held[group] = 0
        held[group] += size
        found[one] = group
    return found


def _free(layer: str, taken: Collection[str]) -> str:
    """A name that is a file's and a part of ids, and that no group has."""
    plain = re.sub(r"[^a-z0-9.]+", "-", layer.lower()).strip("-.")[:_LONG].rstrip("-.") or "layer"
    plain = re.sub(r"\.{2,}", ".", plain)
    if file_names.file_name(plain) != plain:  # a device of Windows, or hyphens in a row
        plain = f"layer-{re.sub(r'[^a-z0-9]+', '-', plain)}"
    number, name = 1, plain
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    return name


def _bytes(one: Seen) -> int:
    """Bytes of the arrays of a call in a golden file: what is like x twice more, in float64."""
    like_x = sum(name in one.given for name in ("x", "dy"))
    expected = like_x * one.size * np.dtype(np.float64).itemsize
    expected += one.channels * len(OUTPUT_NAMES) * np.dtype(np.float64).itemsize
    return expected + sum(array.nbytes for array in one.given.values())
