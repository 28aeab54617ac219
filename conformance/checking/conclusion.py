"""From what was seen of a kernel to the report on it: nothing is asked here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from conformance.checking import (
    compared,
    fresh,
    grouping,
    levels,
    narrowing,
    pictures,
)
from conformance.checking.asking import Asked
from conformance.checking.closure import Closure
from conformance.checking.declaration import declared
from conformance.checking.fresh import Drawn
from conformance.checking.levels import EdgeFound
from conformance.checking.named import Named
from conformance.checking.options import Options
from conformance.checking.report import Convention, Report
from conformance.checking.scope import Call
from conformance.checking.selection import described
from conformance.checking.state import found as found_state
from conformance.checking.state.found import State
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.harness import search_path
from conformance.harness.halt import Halt
from conformance.harness.interrupted import cut_short
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import COMPARED, RED, CaseResult, OutputResult

if TYPE_CHECKING:
    from conformance.quality.measure import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was checked, how, and by which suite."""

    known: Named
    options: Options
    told: Mapping[str, Any]
    files: Closure
    code: str
    is_own: bool
    started: str
    clock: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was learned while the kernel ran."""

    hidden: Drawn
    asked: Asked
    tried: Sequence[Tried]
    conventions: tuple[Convention, ...]
    state: State
    edges: tuple[EdgeFound, ...]
    quality: Quality | None
    breaches: str | None

    @property
    def every(self) -> list[Tried]:
        """What came of the stored cases and of those that were drawn inside the scope."""
        return [*self.tried, *self.asked.drawn]

    @property
    def outputs(self) -> list[OutputResult]:
        """Their outputs."""
        return [o for one in self.every for o in one.result.outputs.values()]


def report(checked: Checked, trial: Trial, seen: Seen, halt: Halt) -> Report:
    """What was seen, judged."""
    known, options, files = checked.known, checked.options, checked.files
    results = tuple(one.result for one in seen.tried)
    drawn = tuple(one.result for one in seen.asked.drawn)
    statuses = {o.status for o in seen.outputs}
    cut, red = _cut(halt, results, seen.asked.left), bool(statuses & RED)
    secret = [(q, t.result) for q, t in seen.asked.secret]
    betrayed = fresh.compared(seen.hidden, secret, results)
    moved = known.closure().files != files.files
    spoilt = _spoilt(seen, moved=moved)
    found = [*_diagnosed(seen, trial)] if red else []
    agree = not (betrayed.disagree or spoilt)
    grade = _grade(results, drawn, is_whole=not cut, agree=agree)
    if grade != "F":  # an edge that differs is told by its name; it wants no weights of terms
        found = [diagnosis for diagnosis in found if diagnosis.fault]
    is_right = bool(statuses & COMPARED) and grade != "F" and not cut
    calls = {t.result.case: Call.of(t.evidence.case.inputs) for t in seen.every}
    notes = (*spoilt, *found_state.notes(seen.state.found), *fresh.notes(betrayed))
    whole = not (checked.is_own or cut or spoilt)
    return Report(
        kernel=known.shown,
        about=checked.told["paths"][0]["about"],
        conforms=is_right and levels.keeps(options.rule, grade, seen.edges),
        partial=cut,
        grade=grade,
        cases=results,
        drawn=drawn,
        scope=compared.account(results, drawn, trial.facts["where"]),
        diagnosis=tuple(found),
        conventions=seen.conventions,
        dialect=asdict(trial.dialect),
        declared=declared(trial.facts),
        notes=(*notes, *_on_scope(seen, options, found, whole=whole)),
        spoilt=spoilt,
        fresh=betrayed,
        versions=checked.told["versions"],
        device=checked.told["device"],
        takes=tuple(trial.facts["takes"]),
        suite=described(options, known, is_own=checked.is_own),
        digest=None if moved else files.digest,
        closure=Closure() if moved else files,
        code=checked.code,
        started=checked.started,
        seconds=round(time.perf_counter() - checked.clock, 3),
        rule=options.rule,
        edges=seen.edges,
        protections=trial.protections.states,
        calls=calls,
        pictures=_pictures(seen.every, calls, trial) if red else (),
        quality=seen.quality,
        state=seen.state,
    )


def _diagnosed(seen: Seen, trial: Trial) -> tuple[Diagnosis, ...]:
    with search_path.neighbours_last():
        from conformance.faults.diagnosis import diagnose  # noqa: PLC0415 - for who fails

    return diagnose([t.evidence for t in seen.every], trial.dialect)


def _spoilt(seen: Seen, *, moved: bool) -> tuple[str, ...]:
    """Why no verdict on single outputs counts.

    A kernel that writes where its worker answers has tried to answer for it.
    """
    said = "its process sent what was no answer to a question"
    return (
        *(() if seen.breaches is None else (f"{said} {seen.breaches}",)),
        *((_MOVED,) if moved else ()),
        *found_state.reasons(seen.state.found),
    )


_MOVED = "the kernel's files were changed while it was checked: the verdict is of neither state"


def _pictures(
    tried: Sequence[Tried], calls: Mapping[str, Call], trial: Trial
) -> tuple[pictures.Picture, ...]:
    """Pictures of one case of each kind of failure."""
    found = grouping.findings([one.result for one in tried], calls)
    wanted = [(f.example.case, output) for f in found for output in f.outputs]
    return tuple(pictures.taken(tried, wanted[: pictures.MOST], trial.dialect))


def _on_scope(
    seen: Seen, options: Options, found: Sequence[Diagnosis], *, whole: bool
) -> tuple[str, ...]:
    """What to declare, where the whole catalogue says it and no known fault explains more."""
    everything = options.tier != "smoke" and options.cases is None and options.dtype is None
    everything = everything and options.golden is None
    if not (whole and everything) or any(each.fault for each in found):
        return ()
    return narrowing.notes([*seen.tried, *(one for _, one in seen.asked.secret), *seen.asked.drawn])


def _grade(
    results: tuple[CaseResult, ...], drawn: tuple[CaseResult, ...], *, is_whole: bool, agree: bool
) -> str | None:
    """The grade of all; of a part there is none but F, which no other case can mend.

    It is that of the stored cases, the same at every check; drawn ones give it where no stored one
    was compared, and make it F where they fail.
    """
    by_chance = levels.worst_grade(drawn)
    grade = levels.worst_grade(results) or by_chance if agree and by_chance != "F" else "F"
    return grade if is_whole or grade == "F" else None


def _cut(halt: Halt, results: Sequence[CaseResult], left: int) -> str | None:
    """How the check was cut short, in words; None where nothing was left out."""
    if not halt.why:
        return None
    told = cut_short(halt, results, left)
    return told or f"{halt.why} after the cases and before their account"
