"""The smoke tier of a scope: for every kind of calls in it, the fewest cases that reject all.

`conformance.cases.kills` knows which case rejects which known wrong kernel in which output.  For
each kind of calls (axes, types, mode, layout) the fewest cases are asked that reject whatever the
cases of that kind and scope reject; where a kernel refuses one, others take its place as far as
there are any.  Rows of the design of combinations are asked only where a scope holds no other case:
each is nearly alone in its kind, and all together would be no smoke tier.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from conformance.cases import catalogue, golden, kills
from conformance.cases.catalogue import pairs
from conformance.checking.scope import Call, Scope
from conformance.verdict.record import COUNTED_APART, HELD, CaseResult, Status


@cache
def calls() -> Mapping[str, Call]:
    """Every case of the catalogue without its values."""
    known = {f"{group}/{row.name}": Call.of(row.recipe) for group, row in catalogue.rows()}
    entries = golden.manifest().entries
    foreign = [name for name in entries if name not in known]
    told = {case.id: Call.of(case.inputs) for case in golden.load(foreign)} if foreign else {}
    return {name: told.get(name) or known[name] for name in entries}


def select(ids: Sequence[str], scope: Scope) -> list[str]:
    """The smoke tier of a scope.

    Args:
        ids: The cases that may be asked, in the order of the catalogue.
        scope: What the kernel is meant for.

    Returns:
        Ids in the order of `ids`; none where none lies in the scope.
    """
    return _sorted(ids, (name for mine in _kinds(ids, scope) for name in _fewest(mine)))


def more(
    ids: Sequence[str], scope: Scope, results: Iterable[Mapping[str, str]], run: Sequence[str]
) -> list[str]:
    """What is to be asked beside what was run, since that was refused in part.

    Args:
        ids: As for `select`.
        scope: The same.
        results: What came of each case that was run: outputs to statuses.
        run: Their ids.
    """
    said = dict(zip(run, results, strict=True))
    told = {
        name: {output for output, status in statuses.items() if _told(status)}
        for name, statuses in said.items()
    }
    ever = {output for outputs in told.values() for output in outputs}
    chosen: list[str] = []
    for mine in _kinds(ids, scope):
        done = [name for name in mine if name in told]
        here = {output for name in done for output in told[name]}
        refused = any(here & said[name].keys() - told[name] for name in done)
        if here and not refused and set(_fewest(mine)) <= told.keys():
            continue  # every case gave what others gave: the stored set has done its work
        if here or len(done) < _PATIENCE:
            chosen += kills.smallest(
                mine, _costs(), run={name: told[name] for name in done}, only=here or ever or None
            )
    return _sorted(ids, chosen)


_PATIENCE = 8
"""Cases of one kind of calls that a kernel may refuse before no more of them are asked."""


def statuses(result: CaseResult) -> dict[str, str]:
    """Outputs of a case to their statuses, as `more` takes them."""
    return {name: output.status.value for name, output in result.outputs.items()}


def _told(status: str | None) -> bool:
    return status is not None and Status(status) in HELD - COUNTED_APART


def _kinds(ids: Sequence[str], scope: Scope) -> list[list[str]]:
    """The cases of a scope, by kind of calls."""
    inside = [name for name in ids if scope.why_not(calls()[name]) is None]
    found: dict[str, list[str]] = defaultdict(list)
    for name in [n for n in inside if not pairs.is_one(n)] or inside:
        found[calls()[name].cell].append(name)
    return list(found.values())


def _fewest(mine: Sequence[str]) -> Sequence[str]:
    """The stored set of a kind of calls; the fewest of these where some of its cases are none."""
    cell = calls()[mine[0]].cell
    if len(mine) == _sizes()[cell] and cell in kills.table().smoke:
        return kills.table().smoke[cell]
    return kills.smallest(mine, _costs()) or [min(mine, key=lambda name: _costs()[name])]


@cache
def _sizes() -> Mapping[str, int]:
    found: dict[str, int] = defaultdict(int)
    for name, call in calls().items():
        found[call.cell] += not pairs.is_one(name)
    return found


@cache
def _costs() -> Mapping[str, float]:
    return {name: float(math.prod(call.shape)) for name, call in calls().items()}


def _sorted(ids: Sequence[str], chosen: Iterable[str]) -> list[str]:
    wanted = set(chosen)
    return [name for name in ids if name in wanted]
