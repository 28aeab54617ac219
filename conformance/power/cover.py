"""The smallest set of cases that kills everything that any case kills."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]

_SECONDS = 30


def smallest(killers: Collection[frozenset[int]], costs: Sequence[float]) -> tuple[int, ...]:
    """A smallest set of cases that meets every set of killers, the cheapest among those.

    It is a set cover, solved exactly as an integer program (HiGHS).

    Args:
        killers: For each wrong kernel the cases that kill it; empty ones are passed over.
        costs: What each case costs; only their order of size matters.

    Returns:
        Places of the chosen cases, ascending.

    Raises:
        RuntimeError: the solver did not prove a smallest set in time.
    """
    wanted = sorted({tuple(sorted(found)) for found in killers if found})
    if not wanted:
        return ()
    hits = np.zeros((len(wanted), len(costs)))
    for row, places in zip(hits, wanted, strict=True):
        row[list(places)] = 1
    # One more case always costs more than all costs together can save.
    weights = 1 + np.asarray(costs) / (1 + float(np.sum(costs)))
    found = milp(
        weights,
        integrality=np.ones(len(costs)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(hits, lb=1),
        options={"time_limit": _SECONDS},
    )
    if not found.success:
        raise RuntimeError(f"no smallest set of cases was found: {found.message}")
    return tuple(int(i) for i in np.flatnonzero(found.x > 1 / 2))
