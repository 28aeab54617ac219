"""Which case rejects which wrong kernel, and the fewest cases that reject all of them.

``conformance power`` measures it and writes ``kills.json``: for every wrong kernel of the
dictionary and of the mutants, and for each of its outputs that is ever rejected, the cases that
reject it.  A kernel that is meant for some calls, and returns some outputs, is held to the cases of
those.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

import numpy as np

from conformance.case import Array

FILE = "kills.json"
SCHEMA = "conformance/kills/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """The measurement.

    Attributes:
        catalogue: Digest of the catalogue that it was made with.
        cases: Ids of its cases.
        outputs: For each row the output that it is about.
        rejects: ``(rows, cases)``: whether the case rejects that output of some wrong kernel.
        smoke: For each kind of calls (axes, types, mode, layout) a smallest set of its cases that
            rejects all that its cases reject, in every output in which they do.
    """

    catalogue: str
    cases: tuple[str, ...]
    outputs: tuple[str, ...]
    rejects: Array
    smoke: Mapping[str, tuple[str, ...]]


@cache
def table() -> Kills:
    """The measurement that the package was published with."""
    said = json.loads(resources.files("conformance.cases").joinpath(FILE).read_text("utf-8"))
    names = [name for name, rows in said["rows"].items() for _ in rows]
    rows = [bytes.fromhex(row) for rows in said["rows"].values() for row in rows]
    cases = tuple(said["cases"])
    bits = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    return Kills(
        catalogue=said["catalogue"],
        cases=cases,
        outputs=tuple(names),
        rejects=np.unpackbits(bits, axis=1, count=len(cases)).astype(np.bool_),
        smoke={cell: tuple(chosen) for cell, chosen in said["smoke"].items()},
    )


@cache
def _rows() -> Mapping[str, Array]:
    """For each output which rows of `table` are about it."""
    outputs = table().outputs
    return {name: np.array([name == other for other in outputs]) for name in {*outputs}}


def encoded(rejects: Array) -> list[str]:
    """Rows of booleans as texts that `table` reads."""
    return [bytes(row).hex() for row in np.packbits(rejects, axis=1)]


def smallest(
    candidates: Collection[str],
    costs: Mapping[str, float],
    *,
    run: Mapping[str, Collection[str]] = MappingProxyType({}),
    only: Collection[str] | None = None,
) -> list[str]:
    """Cases that reject every wrong kernel that any candidate rejects; few, and cheap ones.

    Each is rejected in every output in which a candidate rejects it, so that a kernel which
    returns some outputs alone is held to as much.

    Args:
        candidates: Ids of the cases that a kernel can be asked.
        costs: What each costs; decides between equals.
        run: Those that were run already, to the outputs of each that were compared.
        only: The outputs that are spoken of; None for all.

    Returns:
        Those to run beside what was run, in the order of the catalogue.
    """
    known = table()
    column = {name: i for i, name in enumerate(known.cases)}
    free = [name for name in candidates if name in column and name not in run]
    covered = np.zeros(len(known.outputs), dtype=np.bool_)
    for output, mine in _rows().items():
        seen = [column[name] for name, told in run.items() if name in column and output in told]
        unspoken = only is not None and output not in only
        covered |= mine & (unspoken | known.rejects[:, seen].any(axis=1))
    hits = known.rejects[:, [column[name] for name in free]][~covered]  # few columns, many rows
    chosen = cover(hits, [costs[name] for name in free])
    return [name for i, name in enumerate(free) if i in chosen]


def cover(hits: Array, costs: Sequence[float]) -> set[int]:
    """Columns that hit every row that any column hits: few, found by reduction and greed.

    A row that holds all columns of another is met with it, and a column that meets no more than
    another and costs no less is not needed; what is left is chosen by how many rows it meets,
    those count most that few columns meet.  `conformance.power.cover` solves the same exactly, and
    the gate compares.

    Args:
        hits: ``(rows, columns)``, booleans.
        costs: What each column costs.
    """
    left = np.unique(hits[hits.any(axis=1)], axis=0)
    chosen: list[int] = []
    while len(left):
        alone = left[left.sum(axis=1) == 1]
        if len(alone):
            place = int(np.flatnonzero(alone[0])[0])
        else:
            weight = (left / left.sum(axis=1, keepdims=True)).sum(axis=0)
            best = np.flatnonzero(weight >= weight.max() * (1 - 1e-9)).tolist()
            place = int(min(best, key=lambda i: (costs[i], i)))
        chosen.append(place)
        left = left[~left[:, place]]
    return _without_needless(hits, chosen, costs)


def _without_needless(hits: Array, chosen: Sequence[int], costs: Sequence[float]) -> set[int]:
    """The chosen columns but for those that the others make needless, the dearest first."""
    kept = set(chosen)
    times = hits[:, sorted(kept)].sum(axis=1)
    for place in sorted(chosen, key=lambda i: -costs[i]):
        mine = hits[:, place]
        if (times[mine] > 1).all():
            kept.discard(place)
            times = times - mine
    return kept
