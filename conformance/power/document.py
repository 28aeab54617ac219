"""The measurement as Markdown, for people."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.power.account import WIDE, Json
from conformance.power.gate import broken
from conformance.power.matrix import TYPES

_REPRODUCE = "conformance power"


def markdown(power: Json, picture: str) -> str:
    """The page: what is caught, by what, what is not, and what others catch.

    Args:
        power: A measurement, as `account` makes it.
        picture: Address of the picture.
    """
    parts = (_summary(power), _others(power), _named(power), _faults(power, picture), _rest(power))
    return "\n".join(line for part in parts for line in part) + "\n"


def expressible(power: Json) -> dict[str, Json]:
    """The faults that are there to be caught."""
    return {name: fault for name, fault in power["faults"].items() if not fault["accepted"]}


def summary(power: Json) -> Iterator[str]:
    """What a reader who reads three lines must see."""
    faults, mutants, honest = expressible(power), power["mutants"], power["honest"]
    caught = sum(any(f["kills"].values()) for f in faults.values())
    yield f"{caught} of {len(faults)} faults of the dictionary are rejected"
    yield (
        f"{mutants['killed']['any']} of {mutants['different']} mutants are rejected "
        f"({mutants['killed']['float32']} in float32, {mutants['killed']['float64']} in float64); "
        f"{len(mutants['survivors'])} survive"
    )
    yield (
        f"{len(honest['alarms'])} false alarms in {honest['comparisons']:,} outputs of "
        f"{honest['members']} honest algorithms"
    )
    for name, found in power["baselines"].items():
        yield f"{name}: {len(set(found['rejects']) & faults.keys())} of {len(faults)} faults"
    lawless = {name for found in power["laws"].values() for name in found} & faults.keys()
    yield f"laws alone: {len(lawless)} of {len(faults)} faults"
    yield f"smoke tier of all scopes: {_smoke_cases(power)} cases"


def _smoke_cases(power: Json) -> int:
    return len({case for chosen in power["smoke"].values() for case in chosen})


def _summary(power: Json) -> Iterator[str]:
    faults, mutants, honest = expressible(power), power["mutants"], power["honest"]
    killed = {k: sum(bool(f["kills"][k]) for f in faults.values()) for k in TYPES}
    due = {k: sum(k in f["types"] for f in faults.values()) for k in TYPES}
    yield "# Detection power"
    yield ""
    yield f"Measured by `{_REPRODUCE}`; do not edit. Everything here is also in `power.json`."
    yield ""
    yield "| wrong kernels | caught | float64 | float32 | half |"
    yield "|---|--:|--:|--:|--:|"
    caught = sum(any(f["kills"].values()) for f in faults.values())
    cells = " | ".join(f"{killed[k]} of {due[k]}" for k in TYPES)
    yield f"| faults of the dictionary | {caught} of {len(faults)} | {cells} |"
    cells = " | ".join(str(mutants["killed"][k]) for k in TYPES)
    yield (
        f"| generated mutants that are another function | {mutants['killed']['any']} of "
        f"{mutants['different']} | {cells} |"
    )
    yield ""
    broke = broken(power)
    grades = ", ".join(f"{n:,} {grade}" for grade, n in honest["grades"].items())
    yield (
        f"False alarms: {len(honest['alarms'])} in {honest['comparisons']:,} outputs of "
        f"{honest['members']} honest algorithms ({grades})."
    )
    yield ""
    yield "All promises hold." if not broke else "BROKEN: " + "; ".join(broke)
    yield ""


def _others(power: Json) -> Iterator[str]:
    faults = expressible(power)
    yield "## The same faults before other checks"
    yield ""
    seen = {name for name, fault in faults.items() if fault["sources"]}
    lawless = {name for found in power["laws"].values() for name in found}
    killed = {name for name, fault in faults.items() if any(fault["kills"].values())}
    rows = [
        *((n, set(b["rejects"]), len(b["false_alarms"])) for n, b in power["baselines"].items()),
        ("the laws alone, without expected values", lawless, 0),
        ("this suite", killed, len(power["honest"]["alarms"])),
    ]
    yield "| check | all faults | those with a published source | honest algorithms rejected |"
    yield "|---|--:|--:|--:|"
    for name, caught, alarms in rows:
        some, cited = len(caught & faults.keys()), len(caught & seen)
        yield f"| {name} | {some} of {len(faults)} | {cited} of {len(seen)} | {alarms} |"
    yield ""
    yield (
        "Faults that break each law: "
        + "; ".join(
            f"{law} {len(set(found) & faults.keys())}" for law, found in power["laws"].items()
        )
        + "."
    )
    yield ""


def _named(power: Json) -> Iterator[str]:
    found = power.get("naming")
    if found is None:
        return
    yield from ("## What the diagnosis names", "")
    yield "| kernels | right | in part | silent | wrong |"
    yield "|---|--:|--:|--:|--:|"
    for words, counts in (("one fault", found["single"]), ("two faults", found["pairs"])):
        cells = " | ".join(str(counts[o]) for o in ("right", "part", "silent", "wrong"))
        yield f"| {words} | {cells} |"
    yield ""
    yield from (f"- {fault}: named {', '.join(names)}" for fault, names in found["wrong"].items())
    yield from ([""] if found["wrong"] else [])


def _faults(power: Json, picture: str) -> Iterator[str]:
    yield "## The kill matrix"
    yield ""
    yield f"![Which groups of cases reject which fault]({picture})"
    yield ""
    yield (
        f"Cases that reject each fault, with those by more than {WIDE:g} times the bound in "
        "brackets, and the largest error in bounds. **Bold** faults are core."
    )
    category = ""
    for name, fault in expressible(power).items():
        if fault["category"] != category:
            category = fault["category"]
            yield from ("", f"### {category.capitalize()}", "")
            yield "| fault | what is wrong | float64 | float32 | half | largest |"
            yield "|---|---|--:|--:|--:|--:|"
        cells = " | ".join(
            f"{fault['kills'][k]} ({fault['wide'][k]})" if k in fault["types"] else "-"
            for k in TYPES
        )
        shown = f"**{name}**" if fault["core"] else name
        largest = fault["largest"]
        size = "not a number" if isinstance(largest, str) else f"{largest:.1e}"
        yield f"| {shown} | {fault['title']} | {cells} | {size} |"
    yield ""


def _rest(power: Json) -> Iterator[str]:
    yield from ("## Smoke tier", "")
    yield (
        f"`--tier smoke` has, for each of {len(power['smoke'])} kinds of calls, a smallest set of "
        "its cases that rejects whatever any of them rejects, in every output in which it does; a "
        f"kernel is asked those of its scope. Together they are {_smoke_cases(power)} cases:"
    )
    rows = (
        f"| {kind} | {', '.join(f'`{case}`' for case in chosen)} |"
        for kind, chosen in power["smoke"].items()
    )
    yield from ("", "| kind of calls | cases |", "|---|---|", *rows, "")
    yield from ("## What is not caught, and why", "")
    for name, fault in power["faults"].items():
        if fault["accepted"]:
            yield f"- {name}: {fault['accepted']}"
    for name, why in power["unseen"].items():
        yield f"- {name}: {why}"
    survivors = power["mutants"]["survivors"]
    yield from ("", f"{len(survivors)} mutants survive:", "")
    yield from ("| mutant | the line becomes | why |", "|---|---|---|")
    for name, survivor in survivors.items():
        yield f"| {name} | `{survivor['after']}` | {survivor['why'] or 'NOT EXPLAINED'} |"
