"""Where a kernel fails: one that is right on some ranks and types may be meant for those.

It is told of the whole catalogue only, and only where what remains is at least half of all that was
compared and nothing in it is wrong but at an edge: a narrower scope is no remedy for a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from conformance.checking.tried import Tried
from conformance.verdict.record import HELD, is_wrong


def notes(tried: Iterable[Tried]) -> tuple[str, ...]:
    """What to declare, where every failure lies outside of some ranks and types.

    Args:
        tried: What became of every case of the whole catalogue, fresh ones included.

    Returns:
        A sentence with the declaration; nothing where right and wrong cannot be told apart so.
    """
    compared = [t for t in tried if t.result.status in HELD]
    failing = [_kind(t) for t in compared if any(map(is_wrong, t.result.outputs.values()))]
    wrong = set(failing)
    if len(failing) < _FEW or len(failing) < _MOST * sum(_kind(t) in wrong for t in compared):
        return ()
    right = {_kind(t) for t in compared} - wrong
    dtypes = {dtype for _, dtype in right}
    ranks = {rank for rank, _ in right if not any((rank, dtype) in wrong for dtype in dtypes)}
    if not wrong or not ranks:
        return ()
    every = right | wrong
    said = {
        "ranks": sorted(ranks) if ranks < {rank for rank, _ in every} else None,
        "dtypes": sorted(dtypes) if dtypes < {dtype for _, dtype in every} else None,
    }
    left = sum(rank in ranks and dtype in dtypes for rank, dtype in map(_kind, compared))
    if left < _LARGE * len(compared):
        return ()
    declared = json.dumps({name: value for name, value in said.items() if value})
    note = (
        f"every failure is with another number of axes or type of x than in {left} of the "
        f"{len(compared)} cases that were compared, fresh ones included, and no known fault "
        f"explains them; a kernel that is meant for these alone says so: conformance = {declared}"
    )
    return (note,)


_FEW = 3
"""Fewer failures than this say nothing about where a kernel fails."""

_MOST = 0.5
"""Part of the cases of those ranks and types that must fail: otherwise it is no matter of scope."""

_LARGE = 0.5
"""Part of all cases compared that must remain and be clean: a scope is no place to hide a fault."""


def _kind(tried: Tried) -> tuple[int, str]:
    x = tried.evidence.case.inputs.x
    return x.ndim, str(x.dtype)
