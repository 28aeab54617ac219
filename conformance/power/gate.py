"""What detection power is promised, and which promises a measurement breaks."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.power.account import FEW, WIDE, Json

CORE_CASES = 3
"""How many cases must kill a core fault with a wide margin, in each type."""

WRONGLY_NAMED = 0.01
"""Part of the kernels with known faults that may be given a wrong name."""

MUTANTS = 0.98
"""Part of the generated mutants that must be killed, in float32 and in float64."""

BY_ADDRESS = frozenset({"memory/unaligned-train", "memory/unaligned-test-nchw-float64"})
"""Cases that catch who reads from another address, which no formula shows: a kernel of
`conformance/tests/faults/reports` does."""

SMOKE_PART = 0.5
"""Part of the cases that the smoke tier of every scope together may have."""


def broken(power: Json) -> list[str]:
    """The promises that a measurement breaks, in words; none if all hold."""
    return [
        *_faults(power),
        *_mutants(power),
        *_honest(power),
        *_named(power),
        *_cases(power),
        *_smoke(power),
    ]


def _faults(power: Json) -> Iterator[str]:
    for name, fault in power["faults"].items():
        if fault["accepted"]:
            continue
        for kind in _due(fault):
            kills, wide = fault["kills"][kind], fault["wide"][kind]
            if not kills:
                yield f"fault {name} survives all {kind} cases"
            elif fault["core"] and wide < CORE_CASES:
                yield (
                    f"core fault {name} is killed by {wide} {kind} cases with an error of more "
                    f"than {WIDE:g} bounds, {CORE_CASES} were wanted"
                )


def _due(fault: Json) -> list[str]:
    """The types that a fault must be killed in: half precision only where it has no other."""
    full = [kind for kind in fault["types"] if kind != "half"]
    return full or ["half"]


def _mutants(power: Json) -> Iterator[str]:
    found = power["mutants"]
    for kind in ("float32", "float64"):
        if found["killed"][kind] < MUTANTS * found["different"]:
            yield (
                f"{found['killed'][kind]} of {found['different']} mutants are killed in {kind}, "
                f"{MUTANTS:.0%} were wanted"
            )
    for name, survivor in found["survivors"].items():
        if not survivor["why"]:
            yield f"mutant {name} survives and is another function: {survivor['after']}"


def _honest(power: Json) -> Iterator[str]:
    for alarm in power["honest"]["alarms"]:
        yield f"false alarm: {alarm}"


def _named(power: Json) -> Iterator[str]:
    found = power.get("naming")  # measurements from before names were held have none
    if found is None:
        return
    wrong, of = len(found["wrong"]), sum(found["single"].values()) + sum(found["pairs"].values())
    if wrong >= WRONGLY_NAMED * of:
        yield (
            f"{wrong} of {of} kernels are given a wrong name, less than {WRONGLY_NAMED:.0%} was "
            f"wanted: {'; '.join(found['wrong'])}"
        )


def _cases(power: Json) -> Iterator[str]:
    for name, case in power["justified"].items():
        rare = case["rarest"] != "inf" and case["rarest"] <= FEW
        if not (rare or case["cites"] or name in BY_ADDRESS):
            yield f"case {name} cites nothing and kills nothing that more than {FEW} others do not"


def _smoke(power: Json) -> Iterator[str]:
    needed = {case for chosen in power["smoke"].values() for case in chosen}
    most = int(SMOKE_PART * len(power["cases"]))
    if len(needed) > most:
        yield f"the smoke tier needs {len(needed)} cases, at most {most} were wanted"
    for name in power["missed"]:
        yield f"the smoke tier in use, conformance/cases/kills.json, does not reject {name}"
