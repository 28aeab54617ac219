"""The smallest set of cases, against trying them all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from conformance.power.cover import smallest


def by_trying(killers: list[frozenset[int]], costs: list[float]) -> tuple[int, float]:
    """Size and cost of the best set, found by trying every one."""
    wanted = [found for found in killers if found]
    for size in range(len(costs) + 1):
        costs_of = [
            sum(costs[i] for i in chosen)
            for chosen in combinations(range(len(costs)), size)
            if all(found & set(chosen) for found in wanted)
        ]
        if costs_of:
            return size, min(costs_of)
    raise AssertionError


@pytest.mark.parametrize("seed", range(25))
def test_it_is_smallest_and_then_cheapest(seed: int) -> None:
    """No smaller set meets every kernel, and no cheaper one of that size."""
    draw = np.random.default_rng(seed)
    costs = draw.integers(1, 50, 8).astype(float).tolist()
    killers = [frozenset(np.flatnonzero(draw.random(8) < 0.3).tolist()) for _ in range(10)]
    chosen = smallest(killers, costs)
    assert all(found & set(chosen) for found in killers if found)
    assert (len(chosen), sum(costs[i] for i in chosen)) == by_trying(killers, costs)


def test_what_nothing_kills_is_passed_over() -> None:
    """Kernels that no case kills ask for none."""
    assert smallest([frozenset()], [1.0, 1.0]) == ()
