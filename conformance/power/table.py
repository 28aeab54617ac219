"""The table of `conformance.cases.kills`, from a measurement: rows, and the smoke tier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from conformance import layout
from conformance.case import Array, Inputs
from conformance.cases import golden, kills
from conformance.cases.catalogue import pairs
from conformance.cases.kills import SCHEMA, encoded
from conformance.power.cover import smallest
from conformance.power.matrix import KILLED, Verdicts, cases


def table(wrong: Iterable[Verdicts]) -> dict[str, Any]:
    """The table that the package is published with, as JSON.

    Args:
        wrong: What the suite says of every wrong kernel.
    """
    rows = rejections(wrong)
    return {
        "schema": SCHEMA,
        "catalogue": golden.manifest().digest,
        "cases": [case.id for case in cases()],
        "rows": {name: encoded(mine) for name, mine in rows.items()},
        "smoke": smoke(rows),
    }


def rejections(wrong: Iterable[Verdicts]) -> dict[str, Array]:
    """For each output, rows of cases that reject it of some wrong kernel; each row once."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for verdicts in wrong:
        for output, letters in verdicts.letters.items():
            row = np.array([letter in KILLED for letter in letters])
            if row.any():
                found[output].add(row.tobytes())
    return {
        name: np.array([np.frombuffer(row, np.bool_) for row in sorted(rows)])
        for name, rows in sorted(found.items())
    }


def cell(inputs: Inputs) -> str:
    """The kind of a call: axes, types, mode and layout."""
    masked = inputs.mask is not None
    return layout.kind(inputs.x.ndim, inputs.types, inputs.mode, layout.name(inputs), masked=masked)


def missed(wrong: Iterable[Verdicts], used: Mapping[str, Iterable[str]] | None = None) -> list[str]:
    """What some case of a kind of calls rejects, and none of the smoke tier in use for that kind.

    Args:
        wrong: What the suite says of every wrong kernel.
        used: The tier, for each kind of calls; that of the package by default.

    Returns:
        Sentences: which output of which kernel, in which kind of calls.
    """
    used = kills.table().smoke if used is None else used
    kinds = np.array(["" if pairs.is_one(c.id) else cell(c.inputs) for c in cases()])
    names = np.array([case.id for case in cases()])
    masks = {
        k: (kinds == k, np.isin(names, [*used.get(k, ())]))
        for k in sorted({*kinds.tolist()} - {""})
    }
    return [
        f"{output} of {verdicts.id} in {kind}"
        for verdicts in wrong
        for output, letters in verdicts.letters.items()
        for row in [np.array([letter in KILLED for letter in letters])]
        for kind, (mine, chosen) in masks.items()
        if (row & mine).any() and not (row & mine & chosen).any()
    ]


def smoke(rows: Mapping[str, Array]) -> dict[str, list[str]]:
    """For each kind of calls a smallest set of its cases that rejects all that its cases reject."""
    every = np.vstack(list(rows.values()))
    members: dict[str, list[int]] = defaultdict(list)
    for place, case in enumerate(cases()):
        if not pairs.is_one(case.id):
            members[cell(case.inputs)].append(place)
    return {name: _of_cell(every, places) for name, places in sorted(members.items())}


def _of_cell(every: Array, places: list[int]) -> list[str]:
    mine = every[:, places]
    killers = {frozenset(np.flatnonzero(row).tolist()) for row in mine if row.any()}
    costs = [float(cases()[place].inputs.x.size) for place in places]
    chosen = smallest(killers, costs) or (int(np.argmin(costs)),)
    return [cases()[places[i]].id for i in chosen]
