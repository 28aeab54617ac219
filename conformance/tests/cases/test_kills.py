"""The table of what rejects what: whole, of this catalogue, and covered by few cases."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from conformance.cases import golden, kills
from conformance.cases.catalogue import pairs
from conformance.power.cover import smallest
from conformance.power.matrix import cases
from conformance.power.table import cell

COSTS = {case.id: float(case.inputs.x.size) for case in cases()}


def kinds() -> dict[str, list[str]]:
    """The cases of each kind of calls, but for rows of the design of combinations."""
    found: dict[str, list[str]] = defaultdict(list)
    for case in cases():
        if not pairs.is_one(case.id):
            found[cell(case.inputs)].append(case.id)
    return found


def test_the_table_is_of_this_catalogue() -> None:
    """It was measured with the cases that there are, and has a tier for every kind of calls."""
    table = kills.table()
    assert table.catalogue == golden.manifest().digest
    assert list(table.cases) == [case.id for case in cases()]
    assert table.smoke.keys() == kinds().keys()
    assert table.rejects.any(axis=1).all()


def test_the_tier_of_each_kind_rejects_all_that_its_cases_reject() -> None:
    """Whatever output of a wrong kernel any case of a kind rejects, one of its tier rejects."""
    table = kills.table()
    place = {name: i for i, name in enumerate(table.cases)}
    for kind, mine in kinds().items():
        every = table.rejects[:, [place[name] for name in mine]].any(axis=1)
        chosen = table.rejects[:, [place[name] for name in table.smoke[kind]]].any(axis=1)
        assert (every == chosen).all()


def test_what_is_chosen_in_a_run_is_as_small_as_what_is_solved_exactly() -> None:
    """For every kind of calls, and for all, greed finds at most one case more than the solver."""
    table = kills.table()
    place = {name: i for i, name in enumerate(table.cases)}
    for mine in (*kinds().values(), list(table.cases)):
        rows = table.rejects[:, [place[name] for name in mine]]
        exact = smallest(
            {frozenset(np.flatnonzero(row).tolist()) for row in rows},
            [COSTS[name] for name in mine],
        )
        assert len(kills.smallest(mine, COSTS)) <= len(exact) + 1


def test_what_was_run_is_not_needed_again_and_what_was_refused_is_replaced() -> None:
    """After a tier is run whole nothing is missing; where a case was refused, others come."""
    table, (kind, mine) = kills.table(), max(kinds().items(), key=lambda item: len(item[1]))
    outputs = {*table.outputs}
    run = dict.fromkeys(table.smoke[kind], outputs)
    assert kills.smallest(mine, COSTS, run=run) == []
    refused = next(iter(run))
    more = kills.smallest(mine, COSTS, run={**run, refused: set()})
    assert refused not in more
    only_y = {name: {"y"} for name in run}
    assert kills.smallest(mine, COSTS, run=only_y, only={"y"}) == []


@pytest.mark.parametrize("shape", [(0, 3), (3, 3), (40, 12)])
def test_a_table_is_written_as_it_is_read(shape: tuple[int, int]) -> None:
    """Rows travel as hexadecimal digits, bit by bit."""
    rows = np.random.default_rng(0).random(shape) < 1 / 2
    for row, text in zip(rows, kills.encoded(rows), strict=True):
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8), count=shape[1])
        assert (bits == row).all()
