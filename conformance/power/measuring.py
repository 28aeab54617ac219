"""The whole measurement, stage by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias, TypeVar

from conformance.case import Dialect, Inputs, Kernel
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.memory import laid_out
from conformance.power import alarms, baselines, field, matrix, mutants, naming
from conformance.power.account import Json, Measured
from conformance.power.judge import judge
from conformance.power.laws import LAWS, Law
from conformance.power.suspects import Suspect, dictionary, generated

Stage: TypeAlias = Callable[[str, int], Callable[[], None]]
"""Told the name and the length of a stage; returns what is called after each step of it."""

_LAWFUL_GROUPS = ("exact", "dense", "spatial", "per-activation", "test-mode", "affine", "memory")
"""Groups on which the laws are tried: every layout, both modes, and nothing extreme."""

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def measure(*, jobs: int, stage: Stage, pairs: int = naming.PAIRS) -> Measured:
    """Measure everything.

    Args:
        jobs: How many processes.
        pairs: How many of the pairs of faults are to be named: they take most of the time.
        stage: Told of every stage as it begins.
    """

    def spread(
        name: str, act: Callable[[_Given], _Made], items: Sequence[_Given]
    ) -> Iterator[_Made]:
        return matrix.spread_out(act, items, jobs=jobs, done=stage(name, len(items)))

    before = judge()  # of the files as they are loaded, not as they are minutes later
    faults, others, honest = dictionary(), generated(), list(PANEL)
    hold = partial(matrix.measure, jobs=jobs)
    on_faults = hold(faults, done=stage("faults", len(faults)))
    on_mutants = hold(others, done=stage("mutants", len(others)))
    trials = list(spread("honest algorithms", alarms.examine, alarms.trials()))
    rejected = dict(spread("baselines", rejecting, faults))
    alarmed = dict(spread("baselines on honest algorithms", rejecting_honest, honest))
    broken = dict(spread("laws", breaking, faults))
    names = list(spread("diagnosis", naming.examine, naming.subjects(pairs)))
    return Measured(
        judge=before,
        faults=on_faults,
        mutants=on_mutants,
        kinships=dict(_kinships(stage)),
        baselines=_turned(rejected, [b.name for b in baselines.BASELINES], faults),
        false_alarms=_turned(alarmed, [b.name for b in baselines.BASELINES], honest),
        laws=_turned(broken, [law.name for law in LAWS], faults),
        honest=_honest(trials),
        naming=naming.account(names),
    )


def rejecting(fault: Suspect) -> tuple[Suspect, list[str]]:
    """The baselines that reject a fault."""
    path = fault.path
    found = baselines.verdicts(path.run, path.dialect)
    return fault, [name for name, accepts in found.items() if not accepts]


def rejecting_honest(member: str) -> tuple[str, list[str]]:
    """The baselines that reject an honest algorithm."""
    found = baselines.verdicts(kernel(PANEL[member].edits), Dialect())
    return member, [name for name, accepts in found.items() if not accepts]


def breaking(fault: Suspect) -> tuple[Suspect, list[str]]:
    """The laws that a fault breaks, on any of the inputs on which they are tried."""
    run, asked = fault.path.run, [i for i in lawful_inputs() if fault.exists_for(i)]
    return fault, [law.name for law in LAWS if any(breaks(law, run, inputs) for inputs in asked)]


def breaks(law: Law, run: Kernel, inputs: Inputs) -> bool:
    """Whether a kernel breaks a law on inputs, or gives no answer where the law asks for one."""
    try:
        return any(law.check(run, laid_out(inputs)))
    except Exception:  # noqa: BLE001 - a law fails whatever the kernel raises, as a baseline does
        return True


def lawful_inputs() -> list[Inputs]:
    """What the laws are tried on."""
    chosen = (c.inputs for c in matrix.cases() if c.problem.group in _LAWFUL_GROUPS)
    return [replace(inputs, earlier=()) for inputs in chosen]


def _kinships(stage: Stage) -> Iterator[tuple[str, field.Kinship]]:
    same = [mutant for mutant in mutants.mutants() if field.equivalent(mutant)]
    done = stage("equivalent mutants", len(same))
    calls = [case.inputs for case in matrix.cases() if not case.inputs.earlier]
    for mutant in same:
        yield mutant.id, field.kinship(mutant, calls)
        done()


def _honest(trials: Sequence[alarms.HonestTrial]) -> Json:
    grades = sum((trial.grades for trial in trials), Counter[str]())
    return {
        "members": len(PANEL),
        "types": list(alarms.TYPES),
        "comparisons": grades.total(),
        "grades": dict(sorted(grades.items())),
        "alarms": sorted(alarm for trial in trials for alarm in trial.alarms),
    }


def _turned(
    found: dict[_Given, list[str]], names: Sequence[str], order: Sequence[_Given]
) -> dict[str, list[str]]:
    """From what each item got to what got each item."""
    return {
        name: [getattr(item, "id", str(item)) for item in order if name in found[item]]
        for name in names
    }
