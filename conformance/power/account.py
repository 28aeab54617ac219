"""What a measurement of detection power found, as one JSON document.

``schemas/power.json`` describes it.  Letters are one per case, in the order of ``cases``: a
grade, ``.`` where nothing was compared, ``E`` where no answer came.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.cases import golden
from conformance.cases.catalogue import pairs
from conformance.faults import CATEGORIES, FAULTS, UNSEEN
from conformance.power.field import Kinship
from conformance.power.matrix import TYPES, Verdicts, cases, kinds
from conformance.power.mutants import mutants
from conformance.power.table import missed, rejections, smoke

SCHEMA = "conformance/power/1"

WIDE = 10.0
"""How many times its bound an error must be to count as a wide margin."""

FEW = 20
"""A case that kills what at most so many cases kill justifies itself by that."""

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was measured.

    Attributes:
        judge: The judge that gave the verdicts, as `power.judge` tells it.
        faults: Verdicts on the dictionary, by fault.
        mutants: Verdicts on the generated mutants, by mutant.
        kinships: For each mutant that is the same function as its original, what else it is.
        baselines: For each baseline the faults that it rejects.
        false_alarms: For each baseline the honest algorithms that it rejects.
        laws: For each law the faults that break it.
        honest: The honest panel: members, comparisons, grades, alarms.
        naming: What the diagnosis says of single faults and of pairs, as `power.naming` counts it.
    """

    judge: Json
    faults: Mapping[str, Verdicts]
    mutants: Mapping[str, Verdicts]
    kinships: Mapping[str, Kinship]
    baselines: Mapping[str, Collection[str]]
    false_alarms: Mapping[str, Collection[str]]
    laws: Mapping[str, Collection[str]]
    honest: Json
    naming: Json


def account(found: Measured, *, renews: bool = False) -> Json:
    """Put a measurement together.

    Args:
        found: What was measured.
        renews: Whether the smoke tier in use becomes that of this measurement.
    """
    manifest, tier = golden.manifest(), smoke(rejections(wrong(found)))
    return {
        "schema": SCHEMA,
        "catalogue": {"digest": manifest.digest, "cases": len(manifest.entries)},
        "judge": found.judge,
        "cases": [case.id for case in cases()],
        "faults": {name: _fault(verdicts) for name, verdicts in found.faults.items()},
        "unseen": {unseen.id: unseen.why for unseen in UNSEEN},
        "mutants": _mutants(found),
        "justified": _justified(found),
        "smoke": tier,
        "missed": missed(wrong(found), tier if renews else None),
        "baselines": {
            name: {"rejects": sorted(rejected), "false_alarms": sorted(found.false_alarms[name])}
            for name, rejected in found.baselines.items()
        },
        "laws": {name: sorted(broken) for name, broken in found.laws.items()},
        "honest": found.honest,
        "naming": found.naming,
    }


def different(found: Measured) -> dict[str, Verdicts]:
    """The mutants that are another function than their original."""
    same = {Kinship.ROUNDING, Kinship.IDENTICAL}
    return {name: v for name, v in found.mutants.items() if found.kinships.get(name) not in same}


def wrong(found: Measured) -> list[Verdicts]:
    """What the suite says of all wrong kernels: the dictionary's, and mutants that differ."""
    return [*found.faults.values(), *different(found).values()]


def _fault(verdicts: Verdicts) -> Json:
    fault = FAULTS[verdicts.id]
    category = next(name for name, faults in CATEGORIES.items() if fault in faults)
    return {
        "title": fault.title,
        "category": category,
        "core": fault.core,
        "accepted": fault.accepted,
        "sources": list(fault.sources),
        "types": [kind for kind in TYPES if _exists(verdicts.id, kind)],
        "kills": {kind: len(verdicts.killers(kind)) for kind in TYPES},
        "wide": {kind: len(verdicts.killers(kind, margin=WIDE)) for kind in TYPES},
        "largest": _finite(max(verdicts.margins)),
        "letters": dict(verdicts.letters),
    }


def _exists(fault: str, kind: str) -> bool:
    return any(
        FAULTS[fault].exists_for(case.inputs)
        for case, of in zip(cases(), kinds(), strict=True)
        if of == kind
    )


def _mutants(found: Measured) -> Json:
    other = different(found)
    operators = {mutant.id: mutant.operator for mutant in mutants()}
    edits = {mutant.id: mutant.edit for mutant in mutants()}
    killed = {
        kind: sum(bool(verdicts.killers(kind)) for verdicts in other.values()) for kind in TYPES
    }
    survivors = [name for name, v in found.mutants.items() if not v.killers()]
    return {
        "generated": len(found.mutants),
        "different": len(other),
        "killed": {"any": sum(bool(v.killers()) for v in other.values()), **killed},
        "operators": dict(Counter(operators[name] for name in other)),
        "survivors": {
            name: {
                "before": edits[name][0],
                "after": edits[name][1],
                "why": found.kinships[name].value if name in found.kinships else "",
            }
            for name in survivors
        },
    }


def _justified(found: Measured) -> Json:
    """For each case how many faults it kills, the rarest of them, and what it cites.

    Rows of the design of combinations are there for what they combine, which a test holds.
    """
    rows = {place for place, case in enumerate(cases()) if pairs.is_one(case.id)}
    killers = [v.killers() - rows for v in wrong(found)]
    rarest = [math.inf] * len(cases())
    for places in killers:
        for place in places:
            rarest[place] = min(rarest[place], len(places))
    return {
        case.id: {
            "kills": sum(place in v.killers() for v in found.faults.values()),
            "rarest": _finite(rarest[place]),
            "cites": len(case.problem.cites),
        }
        for place, case in enumerate(cases())
        if place not in rows
    }


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else "inf"
