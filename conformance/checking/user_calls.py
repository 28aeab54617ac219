"""Calls that a user gives, as cases: solved exactly on the spot."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.case import Case, Inputs, Problem
from conformance.errors import SelectionError
from conformance.oracle.solve import solve


def solved(calls: Iterable[Inputs]) -> list[Case]:
    """Cases of a user's own, called ``own/1``, ``own/2``, ...

    Raises:
        SelectionError: there are none.
        InputError: one is a call that batch normalization is not defined on.
    """
    cases = [
        solve(
            Problem(
                id=f"own/{number}",
                group="own",
                catches="whatever shows",
                made="given by the caller",
                inputs=call,
            )
        )
        for number, call in enumerate(calls, start=1)
    ]
    if not cases:
        raise SelectionError("inputs is empty, at least one call was wanted. Give Inputs(...).")
    return cases
